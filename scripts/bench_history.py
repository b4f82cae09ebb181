"""Measure the pages that look back: `python scripts/bench_history.py --decisions 1000000`.

Fills the database that DATABASE_URL names, with the suffix _history, by SQL; then asks for the
history with each filter, alone and combined, on the first page and deep inside, and for the team
and work pages, through Django's whole stack (middleware, session, views, templates). `cpu` is the
mean processor time of a page, of Python and of its PostgreSQL process together: on a machine that
others use too it says more than the time on the clock. Ends with status 1 when it is 100 ms or more
for any page.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from typing import Any

from bench_database import use_kept_database
from bench_machine import cpu_seconds_of

_LIMIT_MS = 100.0
_MODERATORS = 50
_EACH = 40
_WARM_UP = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--decisions", type=int, default=1_000_000)
    options = parser.parse_args()
    use_kept_database("_history")
    _fill(options.decisions)
    pages = {name: _measure(make) for name, make in _pages(options.decisions).items()}
    report = {
        "decisions": options.decisions,
        "load_average": [round(value, 1) for value in os.getloadavg()],
        "ms": pages,
        "slowest": {
            name: max(page[name] for page in pages.values()) for name in ("cpu", "p50", "p95")
        },
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    return 0 if report["slowest"]["cpu"] < _LIMIT_MS else 1


def _fill(decisions: int) -> None:
    from django.contrib.auth.models import Group
    from django.db import connection

    from reviewapp.choices import Role
    from reviewapp.models import Category, CategoryFamily, ModelVersion, User
    from reviewapp.services.accounts import ensure_roles

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reviewapp_user, reviewapp_categoryfamily, reviewapp_modelversion,"
            " reviewapp_product, reviewapp_productimage, django_session CASCADE"
        )
    ensure_roles()
    people = User.objects.bulk_create([User(username=f"m{n}") for n in range(_MODERATORS)])
    for person in people:
        person.groups.add(Group.objects.get(name=Role.ADMIN.value))
    family = CategoryFamily.objects.create(slug="all", name_fr="Tout", name_en="All")
    categories = Category.objects.bulk_create(
        [Category(code=n, family=family, name_fr=f"C{n}", name_en=f"C{n}") for n in range(27)]
    )
    versions = [
        ModelVersion.objects.create(
            name=f"v{n}", manifest_sha256=str(n), labels=[], created_at="2026-01-01T00:00Z"
        )
        for n in range(5)
    ]
    numbers = {
        "decisions": decisions,
        "products": max(1000, decisions // 2),
        "people": [person.pk for person in people],
        "categories": [category.pk for category in categories],
        "versions": [version.pk for version in versions],
    }
    with connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement, numbers)


# Words by a steep law: the first in every tenth title, most in a handful. Model versions follow each
# other in time; reasons and verdicts are as rare as in life.
_FILL = [
    """INSERT INTO reviewapp_product (source, external_id, designation, description,
         raw_designation, raw_description, language, input_digest, status, category_id,
         arrived_at, updated_at, listed_at, is_demo)
       SELECT 'shop', 'e' || n, t, '', t, '', 'fr', n::text, 'listed',
         (%(categories)s::int[])[1 + n %% 27], now(), now(), now(), false
       FROM (SELECT n, 'mot' || floor(10 * exp(9 * random()) - 9) || ' mot'
         || floor(10 * exp(9 * random()) - 9) || ' article ' || n AS t
         FROM generate_series(1, %(products)s) n) titles""",
    """INSERT INTO reviewapp_reviewitem (product_id, reasons, status, is_blind, priority,
         served_by, opened_at, resolved_at, escalated_at)
       SELECT p, ARRAY['low_confidence'], 'resolved', false, 0, '', now(), now(), NULL
       FROM (SELECT id p FROM reviewapp_product) products""",
    """INSERT INTO reviewapp_decision (item_id, product_id, moderator_id, client_key, verdict,
         category_id, suggested_category_id, model_version_id, reasons, is_blind, is_bulk,
         skip_reason, comment, before, seconds, served_by, decided_at)
       SELECT i.id, i.product_id, (%(people)s::int[])[1 + floor(50 * random() ^ 2)], gen_random_uuid(),
         v, CASE WHEN v IN ('confirmed', 'corrected') THEN (%(categories)s::int[])[1 + n %% 27] END,
         (%(categories)s::int[])[1 + n %% 27],
         (%(versions)s::int[])[1 + (5 * (n - 1)) / %(decisions)s],
         CASE WHEN n %% 5000 = 0 THEN ARRAY['seller_appeal'] WHEN n %% 20 = 0 THEN ARRAY['audit']
           ELSE ARRAY['low_confidence', 'disagreement'] END,
         n %% 10 = 0, false, CASE WHEN v = 'skipped' THEN 'unclear' ELSE '' END, '', '{}',
         5, 'rank', now() - (%(decisions)s - n) * interval '10 seconds'
       FROM (SELECT n, CASE WHEN n %% 50 = 0 THEN 'skipped' WHEN n %% 301 = 0 THEN 'escalated'
         WHEN n %% 6 = 0 THEN 'corrected' ELSE 'confirmed' END AS v
         FROM generate_series(1, %(decisions)s) n) numbers
       JOIN (SELECT id, product_id, row_number() OVER () r FROM reviewapp_reviewitem) i
         ON i.r = 1 + n %% %(products)s
       ORDER BY n""",
    "VACUUM ANALYZE",
]


def _pages(decisions: int) -> dict[str, Any]:
    """Return, by name, what makes one address to ask for."""
    from django.utils import timezone

    from reviewapp.models import Decision, User

    chance = random.Random(1)  # noqa: S311  # the same pages every time
    some = list(User.objects.filter(username__startswith="m").values_list("username", flat=True))
    newest = Decision.objects.latest("decided_at").decided_at

    def deep() -> dict[str, Any]:
        back = chance.random() * decisions * 10
        moment = timezone.datetime.fromtimestamp(newest.timestamp() - back, tz=newest.tzinfo)
        return {"after": f"{moment.isoformat()},1"}

    def day() -> dict[str, Any]:
        back = chance.random() * decisions * 10
        when = timezone.datetime.fromtimestamp(newest.timestamp() - back, tz=newest.tzinfo)
        return {"since": when.date(), "until": when.date()}

    def history(*parts: Any) -> Any:
        return lambda: ("review:decisions", {k: v for part in parts for k, v in part().items()})

    who = lambda: {"moderator": chance.choice(some)}  # noqa: E731
    category = lambda: {"category": chance.randrange(27)}  # noqa: E731
    rare = lambda: {"reason": "seller_appeal"}  # noqa: E731
    word = lambda: {"q": f"mot{chance.randrange(2000, 60_000)}"}  # noqa: E731
    return {
        "newest": history(),
        "deep": history(deep),
        "moderator": history(who),
        "moderator, deep": history(who, deep),
        "category": history(category, deep),
        "verdict": history(lambda: {"verdict": "escalated"}, deep),
        "reason": history(rare, deep),
        "old model version": history(lambda: {"model": "v0"}),
        "a day": history(day),
        "moderator, category": history(who, category, deep),
        "moderator, rare reason": history(who, rare),
        "moderator, category, escalated": history(who, category, lambda: {"verdict": "escalated"}),
        "reason, old model version": history(rare, lambda: {"model": "v0"}),
        "moderator, a day": history(who, day),
        "words": history(word),
        "a common word": history(lambda: {"q": "mot3"}),
        "words, moderator": history(word, who),
        "external id": history(lambda: {"q": f"e{chance.randrange(1, 1000)}"}),
        "team": lambda: ("review:team", {}),
        "my work": lambda: ("review:work", {}),
    }


def _measure(make: Any) -> dict[str, float]:
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from reviewapp.models import User

    client = Client()
    client.force_login(User.objects.get(username="m0"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]

    seconds = []
    for number in range(_EACH + _WARM_UP):
        # The first ones read the templates and the rows from the disk.
        if number == _WARM_UP:
            before = time.process_time() + cpu_seconds_of(backend)
        name, filters = make()
        started = time.perf_counter()
        response = client.get(reverse(name), filters)
        seconds.append(time.perf_counter() - started)
        if response.status_code != 200:
            raise RuntimeError(f"{name} {filters}: {response.status_code}")
    cpu = (time.process_time() + cpu_seconds_of(backend) - before) / _EACH
    cuts = statistics.quantiles(seconds[_WARM_UP:], n=20, method="inclusive")
    values = {"cpu": cpu, "p50": cuts[9], "p95": cuts[18]}
    return {name: round(value * 1000, 1) for name, value in values.items()}


if __name__ == "__main__":
    raise SystemExit(main())
