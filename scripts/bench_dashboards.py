"""Measure the dashboards with roll-ups as 10,000,000 events leave them.

    python scripts/bench_dashboards.py --days 95 --products 10000000

Fills the roll-ups directly, as `roll_up` would; `--events` fills the tables of events as well, which
shows that the page does not read them. Works in a database of its own, the test database of
DATABASE_URL, which is dropped at the end. Ends with status 1 when a page takes 300 ms or more at the
median.
"""

import argparse
import json
import statistics
import sys
import time
from datetime import timedelta

from bench_database import own_database

_MOST_MS = 300
_TIMES = 15
_GROUPS = """
CREATE TEMPORARY TABLE groups AS
WITH codes AS (SELECT code::text FROM generate_series(1, 27) code),
     sellers AS (SELECT seller FROM unnest(ARRAY['feed', 'few', 'some', 'many']) seller)
SELECT 'all' AS kind, '' AS "group", 1 AS parts
UNION ALL SELECT 'category', code, 27 FROM codes
UNION ALL SELECT 'seller', seller, 4 FROM sellers
UNION ALL SELECT 'pair', code || '/' || seller, 108 FROM codes, sellers
"""
_TALLIES = """
INSERT INTO reviewapp_routetally (day, model_version_id, policy_id, stratum, kind, "group",
    inclusion_probability, routed, drawn, answered, wrong, products, listed_in_a_day)
SELECT current_date - day, %(model)s, %(policy)s, stratum, kind, "group", 0.2,
       each, each / 5, each / 5, CASE WHEN day %% 7 = 0 THEN 1 ELSE 0 END, each, each
FROM generate_series(0, %(days)s - 1) day
CROSS JOIN unnest(ARRAY['near', 'middle', 'far', 'review']) stratum
CROSS JOIN groups
CROSS JOIN LATERAL (SELECT greatest(%(products)s / %(days)s / 4 / parts, 5) AS each) size
"""
# Predicted and routed in seconds to minutes; seen, decided and listed spread over all waits.
_DELAYS = """
INSERT INTO reviewapp_delaytally
    (day, model_version_id, kind, "group", step, bucket, products)
SELECT current_date - day, %(model)s, kind, "group", step, bucket,
       greatest(%(products)s / %(days)s / parts / (highest - lowest + 1), 1)
FROM generate_series(0, %(days)s - 1) day
CROSS JOIN (VALUES ('predicted', -40, -12), ('routed', -40, -12), ('seen', -20, 26),
                   ('decided', -18, 27), ('listed', -40, 27)) steps (step, lowest, highest)
CROSS JOIN LATERAL generate_series(lowest, highest) bucket
CROSS JOIN groups
"""
# Of the 729 pairs of categories sixty are mistaken a day, as mistakes are few and alike.
_ANSWERS = """
INSERT INTO reviewapp_answertally (day, model_version_id, kind, "group", predicted_id, said_id,
    is_listed, is_above, answers, listings)
SELECT current_date - day, %(model)s, kind, "group", predicted.id, said.id, is_listed, true,
       each, CASE WHEN is_listed THEN 5 * each ELSE 0 END
FROM generate_series(0, %(days)s - 1) day
CROSS JOIN groups
CROSS JOIN LATERAL (SELECT CASE WHEN kind IN ('seller', 'pair') THEN 5 ELSE 20 END AS each) size
CROSS JOIN unnest(ARRAY[true, false]) is_listed
JOIN reviewapp_category predicted
  ON kind IN ('all', 'seller') OR split_part("group", '/', 1) = predicted.code::text
JOIN reviewapp_category said ON said.code BETWEEN predicted.code AND predicted.code + 2
"""
# One report on a hundred products, answered within a second to two days.
_REPORTS = """
INSERT INTO reviewapp_reporttally (day, model_version_id, kind, "group", status, bucket, reports)
SELECT current_date - day, %(model)s, kind, "group", status, bucket,
       greatest(%(products)s / %(days)s / 100 / parts / 52, 1)
FROM generate_series(0, %(days)s - 1) day
CROSS JOIN (
    SELECT status, bucket FROM unnest(ARRAY['upheld', 'dismissed']) status,
                               generate_series(-2, 22) bucket
    UNION ALL SELECT status, NULL FROM unnest(ARRAY['open', 'expired']) status
) answers
CROSS JOIN groups
"""
_QUEUE = """
INSERT INTO reviewapp_queuestate (at, open, oldest_at, answered, people)
SELECT moment, 400 + 300 * sin(extract(epoch FROM moment) / 86400), moment - interval '5 hours', 180, 4
FROM generate_series(date_trunc('hour', now()) - make_interval(days => %(days)s), now(),
                     interval '10 minutes') moment
"""
_EVENTS = """
INSERT INTO reviewapp_product (source, external_id, designation, description, raw_designation,
    raw_description, language, input_digest, status, arrived_at, updated_at, is_demo)
SELECT 'feed', n::text, 'Lampe', '', 'Lampe', '', 'fr', md5(n::text), 'waiting', now(), now(), false
FROM generate_series(1, 1000) n;
INSERT INTO reviewapp_route (product_id, policy_id, outcome, reasons, details,
    inclusion_probability, stratum, created_at)
SELECT (SELECT min(id) FROM reviewapp_product) + n %% 1000, %(policy)s, 'listed', '{}', '{}', 0.2,
       'far', now() - make_interval(secs => n)
FROM generate_series(1, %(events)s) n
"""


def main() -> int:
    options = _options()
    with own_database():
        report = {**_fill(vars(options)), "pages": _pages()}
    sys.stdout.write(json.dumps({**vars(options), **report}, indent=2) + "\n")
    slowest = max(page["median_ms"] for page in report["pages"].values())
    return 0 if slowest < _MOST_MS else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--products", type=int, default=10_000_000, help="in the roll-ups")
    parser.add_argument("--days", type=int, default=95, help="that they arrived on")
    parser.add_argument("--events", type=int, default=0, help="rows of routes to fill as well")
    return parser.parse_args()


def _fill(options: dict[str, int]) -> dict[str, int]:
    from django.db import connection

    from reviewapp.models import AnswerTally, DelayTally, ReportTally, Route, RouteTally
    from tests.factories import CategoryFactory, ChampionFactory, RoutingPolicyFactory

    for code in range(1, 28):
        CategoryFactory(code=code)
    values = {**options, "model": ChampionFactory().pk, "policy": RoutingPolicyFactory().pk}
    with connection.cursor() as cursor:
        for statement in (
            _GROUPS,
            _TALLIES,
            _DELAYS,
            _ANSWERS,
            _REPORTS,
            _QUEUE,
            *([_EVENTS] if options["events"] else []),
        ):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    counted = {
        "delay_tallies": DelayTally,
        "answer_tallies": AnswerTally,
        "report_tallies": ReportTally,
        "route_tallies": RouteTally,
        "routes": Route,
    }
    return {name: model.objects.count() for name, model in counted.items()}


def _pages() -> dict[str, dict[str, float]]:
    """Return the times of a page by its address."""
    from django.test import Client
    from django.utils import timezone

    from tests.factories import AdminFactory

    client = Client()
    client.force_login(AdminFactory())
    longest = timezone.now().date() - timedelta(days=91)
    queries = (
        "",
        "errors-by-cost/",
        "?category=7",
        "?category=7&seller=few",
        "?seller=few&hours=8",
        f"?first={longest.isoformat()}",
    )
    return {f"/dashboards/{query}": _time(client, f"/dashboards/{query}") for query in queries}


def _time(client: object, address: str) -> dict[str, float]:
    milliseconds = []
    for _ in range(_TIMES + 1):
        began = time.perf_counter()
        response = client.get(address)  # type: ignore[attr-defined]
        milliseconds.append(1000 * (time.perf_counter() - began))
    warm = milliseconds[1:]  # the first one fills caches of templates and plans
    return {
        "status": response.status_code,
        "bytes": len(response.content),
        "median_ms": round(statistics.median(warm), 1),
        "longest_ms": round(max(warm), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
