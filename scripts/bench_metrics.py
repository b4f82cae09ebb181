"""Measure a scrape of /metrics on a large shop: much waits, and much has been rolled up.

    python scripts/bench_metrics.py --waiting 300000 --tallies 400000

Works in a database of its own, the test database of DATABASE_URL, which is dropped at the end.
Ends with status 1 when a scrape takes 300 ms or more at the median.
"""

import argparse
import json
import statistics
import sys
import time

from bench_database import own_database

_MOST_MS = 300
_SCRAPES = 20

_PRODUCTS = """
INSERT INTO reviewapp_product (source, external_id, designation, description, raw_designation,
    raw_description, language, input_digest, status, arrived_at, updated_at, is_demo)
SELECT 'feed', n::text, 'Lampe', '', 'Lampe', '', 'fr', md5(n::text), 'waiting', now(), now(), false
FROM generate_series(1, %(waiting)s) n
"""
_REQUESTS = """
INSERT INTO reviewapp_classificationrequest
    (product_id, input_digest, status, attempts, requested_at, error, correlation_id)
SELECT id, input_digest, CASE WHEN id %% 3 = 0 THEN 'waiting' ELSE 'done' END, 0, now(), '', ''
FROM reviewapp_product
"""
# A year and more of days, by model, policy, stratum and category.
_TALLIES = """
INSERT INTO reviewapp_routetally (day, model_version_id, policy_id, stratum, kind, "group",
    inclusion_probability, routed, drawn, answered, wrong, products, listed_in_a_day)
SELECT current_date - 20 - n / 648, %(model)s, %(policy)s,
       (ARRAY['near', 'middle', 'far', 'review'])[1 + n %% 4],
       (ARRAY['category', 'family', 'language', 'seller', 'description', 'picture'])[1 + n / 4 %% 6],
       (n / 24 %% 27)::text, 0.2, 40, 8, 8, CASE WHEN n %% 50 = 0 THEN 1 ELSE 0 END, 40, 30
FROM generate_series(1, %(tallies)s) n
"""


def main() -> int:
    options = _options()
    with own_database():
        _fill(options.waiting, options.tallies)
        report = _scrape()
    sys.stdout.write(json.dumps({**vars(options), **report}, indent=2) + "\n")
    return 0 if report["median_ms"] < _MOST_MS else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--waiting", type=int, default=300_000, help="products, a third waits")
    parser.add_argument("--tallies", type=int, default=400_000, help="rows of the route roll-up")
    return parser.parse_args()


def _fill(waiting: int, tallies: int) -> None:
    from django.db import connection

    from tests.factories import ChampionFactory, RoutingPolicyFactory

    values = {
        "waiting": waiting,
        "tallies": tallies,
        "model": ChampionFactory().pk,
        "policy": RoutingPolicyFactory().pk,
    }
    with connection.cursor() as cursor:
        for statement in (_PRODUCTS, _REQUESTS, _TALLIES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")


def _scrape() -> dict[str, float]:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.get("/metrics")  # connections, templates, plans
    milliseconds = []
    for _ in range(_SCRAPES):
        began = time.perf_counter()
        size = len(client.get("/metrics").content)
        milliseconds.append(1000 * (time.perf_counter() - began))
    with CaptureQueriesContext(connection) as asked:
        client.get("/metrics")
    slowest = sorted(((float(q["time"]), q["sql"][:90]) for q in asked), reverse=True)[:3]
    sys.stderr.write("".join(f"{seconds} s {sql}\n" for seconds, sql in slowest))
    return {
        "queries": len(asked),
        "bytes": size,
        "median_ms": round(statistics.median(milliseconds), 1),
        "longest_ms": round(max(milliseconds), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
