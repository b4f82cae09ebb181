#!/usr/bin/env python
"""How often certified thresholds break their promise, by simulation.

.venv/bin/python scripts/bench_certificates.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from classifier.certify import learn_then_test
from tests.classifier.test_certify import DELTA, broken_of_groups, broken_promises, promises_given

_TARGET, _SAMPLES = 0.02, 1000


def _told(name: str, broken: float, coverage: float) -> None:
    sys.stdout.write(f"{name}: broken in {broken:.1%}, listed {coverage:.1%}\n")


def main() -> int:
    for rows in (1000, 4000):
        broken, coverage = broken_promises(
            lambda *given: learn_then_test(*given).threshold, rows, _TARGET, _SAMPLES, seed=20
        )
        _told(f"{rows} products", broken, coverage)
    for floor in (0.006, 0.009):
        for rows in (2000, 8000, 30_000):
            given = promises_given(rows, floor, _TARGET, samples=300, seed=24)
            sys.stdout.write(f"{rows} products, {floor:.1%} label noise: given in {given:.1%}\n")
    for name, takes_groups in (("near duplicates", True), ("taken for independent", False)):
        broken, coverage = broken_of_groups(
            lambda confidence, is_right, groups, own=takes_groups: learn_then_test(
                confidence, is_right, _TARGET, DELTA, groups if own else None
            ),
            _SAMPLES,
        )
        _told(f"8000 products, {name}", broken, coverage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
