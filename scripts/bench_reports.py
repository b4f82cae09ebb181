"""Measure how reports hold against abuse: a brigade, an honest minority, and who is held for it.

Everything goes through the services and a real PostgreSQL. The same people as in the tests, in
full number, and many weeks of honest reports with brigades of several kinds in them.

    python scripts/bench_reports.py --brigade 200 --weeks 20

Works in a database of its own, the test database of DATABASE_URL, which is dropped at the end.
Ends with status 1 when a brigade moved or delisted anything, when three proven people did not
reopen a wrong listing (also where there is one seller), or when 1 % of the honest or more were held.
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from bench_database import own_database

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MONDAY = NOW.replace(hour=0)


def main() -> int:
    options = _options()
    with own_database():
        report = {
            "case": _cases(options.brigade),
            "rings": _rings(options.weeks, options.honest, options.brigade),
        }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0 if _holds(report) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--brigade", type=int, default=200, help="new accounts in a brigade")
    parser.add_argument("--honest", type=int, default=3000, help="honest new reporters a week")
    parser.add_argument("--weeks", type=int, default=20, help="weeks of honest reports")
    return parser.parse_args()


def _cases(brigade: int) -> dict[str, Any]:
    """A brigade alone, against five proven people, and three proven people alone."""
    from tests.factories import BuyerFactory, CategoryFactory, ProvenBuyerFactory

    right, wrong = CategoryFactory(), CategoryFactory()
    hired = BuyerFactory.create_batch(brigade)
    started = time.perf_counter()
    alone = _reported([(person, wrong) for person in hired])
    seconds = time.perf_counter() - started
    against = _reported(
        [(person, wrong) for person in hired]
        + [(person, right) for person in ProvenBuyerFactory.create_batch(5)]
    )
    honest = _reported([(person, right) for person in ProvenBuyerFactory.create_batch(3)])
    just_proven = ProvenBuyerFactory.create_batch(3, upheld=3)
    return {
        "brigade_alone": alone,
        "ms_per_report_of_the_brigade": round(1000 * seconds / brigade, 1),
        "brigade_against_5_proven": against | {"lead_is_right": against["lead"] == right.code},
        "3_proven_alone": honest | {"lead_is_right": honest["lead"] == right.code},
        "3_just_proven_who_name_none": _reported([(person, None) for person in just_proven]),
        **_small_markets(brigade, wrong),
    }


def _small_markets(brigade: int, wrong: Any) -> dict[str, Any]:
    """Three honest people where one seller sells; accomplices of one of two sellers against each."""
    from tests.factories import BuyerFactory, SellerFactory
    from tests.services.test_small_markets import answered

    only, dishonest, other = SellerFactory.create_batch(3)
    honest, hired = BuyerFactory.create_batch(3), BuyerFactory.create_batch(brigade)
    answered(honest, only)
    answered(hired, dishonest, count=6)
    return {
        "3_proven_where_one_sells": _reported([(person, None) for person in honest], only),
        "accomplices_against_the_other": _reported([(person, wrong) for person in hired], other),
    }


def _reported(voices: list[tuple[Any, Any]], seller: Any = None) -> dict[str, Any]:
    """File the reports on a new product, each from a network of its own; return its case."""
    from reviewapp.models import ReportCase
    from reviewapp.services.reports import submit_report
    from tests.factories import ListedProductFactory, PredictionFactory

    product = ListedProductFactory(seller=seller)
    PredictionFactory(product=product, category=product.category, confidence=0.9)
    for number, (reporter, category) in enumerate(voices):
        submit_report(
            product=product,
            reporter=reporter,
            suggested_category=category,
            comment="",
            now=NOW,
            address=f"10.{number // 250}.{number % 250}.1",
        )
    product.refresh_from_db()
    case = ReportCase.objects.get(product=product)
    return {
        "status": case.status,
        "product": product.status,
        "score": round(case.score, 3),
        "bar": case.arithmetic["bar"],
        "lead": case.arithmetic["lead"],
    }


def _rings(weeks: int, honest: int, brigade: int) -> dict[str, Any]:
    """Weeks of honest reports with one brigade each: in five minutes, over a family, slow.

    Once with people who sleep at night, once with half of them between 18 and 22 h.
    """
    from tests.report_world import evening_hour, waking_hour

    kinds = {
        "one_product_5_minutes": {"seconds": 300, "networks": brigade, "products": 1},
        "one_family_2_minutes": {"seconds": 120, "networks": brigade, "products": 100},
        "8_networks_3_hours": {"seconds": 3 * 3600, "networks": 8, "products": 100},
        "own_networks_one_day": {"seconds": 24 * 3600, "networks": brigade, "products": 1},
    }
    days = {"day_and_night": waking_hour, "half_in_the_evening": evening_hour}
    found: dict[str, Any] = {day: {} for day in days}
    for (day, hour), (kind, shape) in itertools.product(days.items(), kinds.items()):
        shares = [_flagged(seed, hour, honest, brigade, **shape) for seed in range(weeks)]
        found[day][kind] = {
            "honest_held_worst_week": round(max(share[0] for share in shares), 5),
            "brigade_held_mean": round(sum(share[1] for share in shares) / weeks, 4),
        }
    return found


def _flagged(
    seed: int, hour: Callable[[random.Random], float], honest: int, brigade: int, **shape: int
) -> tuple[float, float]:
    """Return which share of a week's honest reports, and of a brigade on Thursday at 20 h, is held.

    What is usual comes from another week.
    """
    from reviewapp.domain.rings import RingRules, find_rings
    from tests.report_world import brigade_of, honest_week, usual_of

    chance = random.Random(seed)  # noqa: S311 - a simulation, protects nothing
    usual = usual_of(honest_week(chance, MONDAY - timedelta(days=7), honest, hour))
    evening = MONDAY + timedelta(days=3, hours=20)
    filed = [
        *honest_week(chance, MONDAY, honest, hour),
        *brigade_of(chance, evening, first=honest, count=brigade, **shape),
    ]
    rings = find_rings(filed, usual, RingRules())
    held = {report for ring in rings for report in ring.reports}
    wrongly = sum(report < honest for report in held)
    return wrongly / honest, (len(held) - wrongly) / brigade


def _holds(report: dict[str, Any]) -> bool:
    case = report["case"]
    alone, against, proven = (
        case[name] for name in ("brigade_alone", "brigade_against_5_proven", "3_proven_alone")
    )
    return (
        alone["status"] == "collecting"
        and alone["product"] == against["product"] == "listed"
        and against["lead_is_right"]
        and against["status"] == proven["status"] == "in_review"
        and case["3_just_proven_who_name_none"]["status"] == "in_review"
        and case["3_proven_where_one_sells"]["status"] == "in_review"
        and case["accomplices_against_the_other"]["status"] == "collecting"
        and all(
            kind["honest_held_worst_week"] < 0.01
            for day in report["rings"].values()
            for kind in day.values()
        )
    )


if __name__ == "__main__":
    raise SystemExit(main())
