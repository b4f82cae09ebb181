"""Measure the page Policy and a change of one number on it, in a shop with many labels and routes.

    python scripts/bench_policy_page.py --routes 500000

A fifth of the products have labels, and of these a fifth are blind audits of listed products, the
others reviews of doubtful ones. Measured at the usual audit rate and, the most that the page can look
at, with every listed product audited, which has each label in the sample. `first open` has to read the
sample, the others find what was read less than a minute ago. Works in a database of its own, the test
database of DATABASE_URL, which is dropped at the end. Seconds are the processor's, of this process and
of its PostgreSQL connection, but for `clock_s`. Ends with status 1 when both together take 0.3 s or
more at the median, or 1 s at a first open with the usual audit rate.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

# Its arrays are small: threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench_database import own_database
from bench_machine import cpu_seconds_of, machine

_MOST_SECONDS = 0.3
_MOST_SECONDS_FIRST = 1.0
_TIMES = 5
_CATEGORIES = 27
_CHANGE = {
    "accept_percent": "91",
    "audit_percent": "5",
    "target_percent": "2",
    "wrong": "0.35",
    "review_minute": "0.42",
    "review_seconds": "10",
    "fairness_bound": "2",
    "based_on": "1",
}

_FILL = [
    """
    INSERT INTO reviewapp_product (id, source, external_id, designation, description,
        raw_designation, raw_description, language, input_digest, status, arrived_at, updated_at,
        is_demo, seller_id, image_id, group_key)
    SELECT n, 'bench', n::text, 'Lampe ' || n, CASE WHEN n %% 3 = 0 THEN '' ELSE 'Une lampe.' END,
        'Lampe ' || n, '', (ARRAY['fr', 'en', 'de'])[1 + n %% 3], md5(n::text),
        'waiting', now() - make_interval(secs => 5 * (%(routes)s - n)), now(), false,
        CASE WHEN n %% 2 = 0 THEN n %% 4999 END, CASE WHEN n %% 9 > 0 THEN n END,
        n / 50
    FROM generate_series(1, %(routes)s) n
    """,
    """
    INSERT INTO reviewapp_prediction (id, product_id, model_version_id, member, input_digest, top,
        category_id, confidence, absence, latency_ms, created_at)
    SELECT id, id, %(model)s, 'fusion', input_digest, '[]', %(first)s + id %% %(categories)s,
        CASE WHEN id %% 5 = 0 THEN 0.4 + 0.4 * random() ELSE 0.8 + 0.2 * random() END, '', 10,
        arrived_at
    FROM reviewapp_product
    """,
    """
    INSERT INTO reviewapp_route (product_id, prediction_id, policy_id, outcome, reasons, details,
        inclusion_probability, stratum, created_at)
    SELECT id, id, %(policy)s, CASE WHEN confidence < 0.8 THEN 'review' ELSE 'listed' END, '{}', '{}',
        CASE WHEN confidence < 0.8 THEN 1 ELSE 0.05 END, '', created_at
    FROM reviewapp_prediction
    """,
    # The confidences say how often the models are right; every fifth product is doubtful, see above.
    """
    INSERT INTO reviewapp_feedbacklabel (product_id, category_id, decision_id, source, moderator_id,
        annotation, annotator, reasons, is_blind, inclusion_probability, input_digest, created_at)
    SELECT product_id,
        CASE WHEN random() < confidence THEN category_id
             ELSE %(first)s + (category_id - %(first)s + 1) %% %(categories)s END,
        row_number() OVER (ORDER BY product_id), 'moderator', 1, '', '',
        ARRAY[CASE WHEN confidence < 0.8 THEN 'low_confidence' ELSE 'audit' END],
        confidence >= 0.8, CASE WHEN confidence < 0.8 THEN 1 ELSE 0.05 END,
        input_digest, created_at
    FROM reviewapp_prediction
    WHERE id %% 25 IN (1, 5, 10, 15, 20)
    """,
]
_AUDITED = """
UPDATE reviewapp_route SET inclusion_probability = %s WHERE outcome = 'listed' AND product_id %% 25 = 1
"""


def main() -> int:
    options = _options()
    with own_database():
        _fill(options.routes)
        reports = {f"audit rate {rate}": _pages(rate) for rate in (0.05, 1.0)}
    sys.stdout.write(
        json.dumps({**vars(options), **reports, "machine": machine()}, indent=2) + "\n"
    )
    firsts = [report["pages"].pop("first open") for report in reports.values()]
    pages = [page for report in reports.values() for page in report["pages"].values()]
    slowest = max(page["python_s"] + page["postgres_s"] for page in pages)
    first = firsts[0]["python_s"] + firsts[0]["postgres_s"]
    return 0 if slowest < _MOST_SECONDS and first < _MOST_SECONDS_FIRST else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--routes", type=int, default=500_000, help="one to a product")
    return parser.parse_args()


def _fill(routes: int) -> None:
    from django.db import connection

    from tests.factories import CategoryFactory, ChampionFactory, RoutingPolicyFactory

    ids = [CategoryFactory(code=10 * n).pk for n in range(1, _CATEGORIES + 1)]
    values = {
        "routes": routes,
        "first": ids[0],
        "categories": _CATEGORIES,
        "model": ChampionFactory().pk,
        "policy": RoutingPolicyFactory().pk,
    }
    with connection.cursor() as cursor:
        # Decisions, sellers and pictures are not read: without key checks filling takes seconds.
        cursor.execute("SET session_replication_role = replica")
        for statement in _FILL:
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def _pages(audit_rate: float) -> dict[str, Any]:
    from django.db import connection
    from django.test import Client
    from django.urls import reverse
    from django.utils import timezone

    from reviewapp.selectors import calibration, model_versions
    from tests.factories import AdminFactory

    with connection.cursor() as cursor:
        cursor.execute(_AUDITED, [audit_rate])
        cursor.execute("VACUUM ANALYZE reviewapp_route")
    client = Client()
    client.force_login(AdminFactory(language="en"))
    index, effect = reverse("policy:index"), reverse("policy:effect")

    def anew() -> Any:
        calibration._kept.clear()
        return client.get(index)

    pages = {
        "first open": _measured(anew),
        "whole page": _measured(lambda: client.get(index)),
        "alternative": _measured(lambda: client.get(index, {"numbers": "cheapest"})),
        "one number": _measured(lambda: client.get(effect, _CHANGE)),
    }
    known = calibration.known_products(model_versions.champion(), now=timezone.now())
    return {"sample": len(known.sample), "source": known.source, "pages": pages}


def _measured(ask: Callable[[], Any]) -> dict[str, float]:
    """Return medians; the first request, which fills caches of templates and plans, apart."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    python, postgres, clock = [], [], []
    server = connection.connection.info.backend_pid
    for _ in range(_TIMES + 1):
        before = time.process_time(), cpu_seconds_of(server), time.perf_counter()
        response = ask()
        python.append(time.process_time() - before[0])
        postgres.append(cpu_seconds_of(server) - before[1])
        clock.append(time.perf_counter() - before[2])
    with CaptureQueriesContext(connection) as asked:
        ask()
    return {
        "status": response.status_code,
        "queries": len(asked),
        "first_python_s": round(python[0], 2),
        "python_s": round(statistics.median(python[1:]), 2),
        "postgres_s": round(statistics.median(postgres[1:]), 2),
        "clock_s": round(statistics.median(clock[1:]), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
