"""Delays that people feel: from arrival to a category, and to the shop."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds. None without a single product to measure."""

    count: int
    median: float | None
    p95: float | None


# In the database: the rows of a busy day do not pass through Python.
_TO_CATEGORY = """
SELECT count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
FROM (
    SELECT extract(epoch FROM finished_at - requested_at)::float8 AS seconds
    FROM reviewapp_classificationrequest
    WHERE status = 'done' AND finished_at >= %s
) AS delays
"""
_TO_SHOP = """
SELECT count(*),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
FROM (
    SELECT extract(epoch FROM listed_at - arrived_at)::float8 AS seconds
    FROM reviewapp_product
    WHERE status = 'listed' AND listed_at >= %s
) AS delays
"""


def arrival_to_category(*, since: datetime) -> Delay:
    """From the wish for a classification (arrival, or a change of text or picture) to its answer."""
    return _delay(_TO_CATEGORY, since)


def arrival_to_shop(*, since: datetime) -> Delay:
    """From arrival to the first listing, people's time included."""
    return _delay(_TO_SHOP, since)


def _delay(query: str, since: datetime) -> Delay:
    with connection.cursor() as cursor:
        cursor.execute(query, [since])
        count, median, p95 = cursor.fetchone()
    return Delay(count, median, p95)
