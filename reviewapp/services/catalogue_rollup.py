"""Counting the shop now and then, so that no page has to: tallies per category, and its words."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from reviewapp.domain.search import split_words
from reviewapp.models import CatalogueRollUp, Category
from reviewapp.selectors.facets import MONTH, WEEK
from reviewapp.selectors.shop import TALLIES

WORDS = "words"
_REST_FACTOR = 60
"""Counting takes at most one part in this many of a processor's time."""

_COUNT = """
WITH counted AS MATERIALIZED (
    SELECT category_id, language, has_picture, count(*) AS products,
        count(*) FILTER (WHERE listed_at > %(week)s) AS in_week,
        count(*) FILTER (WHERE listed_at > %(month)s) AS in_month
    FROM reviewapp_catalogueentry GROUP BY category_id, language, has_picture
), gone AS (
    DELETE FROM reviewapp_cataloguetally tally WHERE NOT EXISTS (
        SELECT FROM counted WHERE (counted.category_id, counted.language, counted.has_picture)
            = (tally.category_id, tally.language, tally.has_picture))
)
INSERT INTO reviewapp_cataloguetally
    (category_id, language, has_picture, products, in_week, in_month)
SELECT category_id, language, has_picture, products, in_week, in_month FROM counted
ON CONFLICT (category_id, language, has_picture) DO UPDATE SET
    products = excluded.products, in_week = excluded.in_week, in_month = excluded.in_month
"""

_COUNT_WORDS = """
WITH titles AS MATERIALIZED (
    SELECT word, ndoc FROM ts_stat($$
        SELECT to_tsvector('catalogue_plain', designation)
        FROM reviewapp_product WHERE status = 'listed' $$)
    WHERE word ~ '^[[:alpha:]]{3,40}$'
), counted AS MATERIALIZED (
    SELECT word, max(ndoc) AS products
    FROM (SELECT word, ndoc FROM titles UNION ALL SELECT unnest(%(named)s::text[]), 0) every
    GROUP BY word
), gone AS (
    DELETE FROM reviewapp_catalogueword known
    WHERE NOT EXISTS (SELECT FROM counted WHERE counted.word = known.word)
)
INSERT INTO reviewapp_catalogueword AS known (word, products)
SELECT word, products FROM counted
ON CONFLICT (word) DO UPDATE SET products = excluded.products
    WHERE known.products <> excluded.products
"""


def roll_up(*, now: datetime) -> list[str]:
    """Count again what is due; return the names of what was counted. Safe to repeat.

    Something is due when it has rested for 60 times as long as its last count took: within
    seconds in a small shop, after ten minutes where a count takes ten seconds. Whoever comes
    while another counts leaves it to that one.
    """
    counters = {TALLIES: _count_tallies, WORDS: _count_words}
    return [name for name, count in counters.items() if _count_if_due(name, count, now)]


@transaction.atomic
def _count_if_due(name: str, count: Callable[[datetime], None], now: datetime) -> bool:
    CatalogueRollUp.objects.get_or_create(name=name)
    row = CatalogueRollUp.objects.select_for_update(skip_locked=True).filter(name=name).first()
    if row is None:
        return False
    rest = timedelta(seconds=_REST_FACTOR * row.took_seconds)
    if row.counted_at is not None and row.counted_at + rest > now:
        return False
    started = time.monotonic()
    count(now)
    row.counted_at, row.took_seconds = now, time.monotonic() - started
    row.save(update_fields=["counted_at", "took_seconds"])
    return True


def _count_tallies(now: datetime) -> None:
    since = {"week": now - timedelta(days=WEEK), "month": now - timedelta(days=MONTH)}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, since)


def _count_words(now: datetime) -> None:  # words are of any time
    named: set[str] = set()
    for category in Category.objects.filter(is_active=True):
        synonyms = [one for words in category.synonyms.values() for one in words]
        for phrase in (category.name_fr, category.name_en, *synonyms):
            named.update(word for word in split_words(phrase) if 3 <= len(word) <= 40)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_WORDS, {"named": sorted(named)})
