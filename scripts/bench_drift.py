#!/usr/bin/env python
"""False alarms and delays of drift, and what is estimated without labels, by simulation.

.venv/bin/python scripts/bench_drift.py
"""

import os
import sys
from collections import Counter
from pathlib import Path

# Its matrices are small: threads would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reviewapp.domain import drift, label_shift
from tests.drift_world import CATEGORIES, CHANGED, STABLE, World, delay, draw, false_alarms

_STREAMS, _WINDOWS, _RUNS = 20, 200, 40


def _stable(size: int) -> None:
    """size: products of the training, and kept out of it, that a window is held against"""
    generators = [np.random.default_rng(seed) for seed in range(_STREAMS)]
    streams = [false_alarms(_WINDOWS, generator, size) for generator in generators]
    alarms, tests = [one[None] for one in streams], sum(streams, Counter())
    named = ", ".join(f"{test.value} {count}" for test, count in tests.items() if test)
    sys.stdout.write(
        f"stable, reference of {size}: {sum(alarms)} of {_STREAMS * _WINDOWS} windows drifted;"
        f" {sum(one > 0 for one in alarms)} of {_STREAMS} streams of {_WINDOWS} windows with any;"
        f" at most {max(alarms)} in one; by test: {named or 'none'}\n"
    )


def _delays() -> None:
    for name, world in CHANGED.items():
        found = [delay(world, np.random.default_rng(1000 + seed)) for seed in range(_RUNS)]
        delays = [one[0] for one in found if one]
        tests = Counter(test.value for one in found if one for test in one[1])
        sys.stdout.write(
            f"{name}: {len(delays)} of {_RUNS} found, after {np.median(delays):.0f} products"
            f" (median), {max(delays)} at most; by {', '.join(dict(tests.most_common(4)))}\n"
        )


def _estimates() -> None:
    """Mixes drawn at random around the one of training, and held-out answers of 5,000 products."""
    labels = list(range(CATEGORIES))
    distances, perfect, plain, accuracy = [], [], [], []
    for seed in range(_RUNS):
        generator = np.random.default_rng(2000 + seed)
        held = draw(STABLE, 5000, generator)
        world = World(priors=generator.dirichlet(STABLE.priors * 20 + 0.3))
        batch = draw(world, 2000, generator)
        trained = label_shift.smoothed_shares(held.true, labels)
        found = label_shift.estimate_priors(batch.probabilities, trained)
        real = np.bincount(batch.true, minlength=CATEGORIES) / 2000
        distances.append(np.abs(found - world.priors).sum())
        perfect.append(np.abs(real - world.priors).sum())
        said = np.bincount(batch.probabilities.argmax(axis=1), minlength=CATEGORIES) / 2000
        plain.append(np.abs(said - world.priors).sum())
        at = label_shift.accuracy_threshold(held.probabilities.max(axis=1), held.is_right)
        expected = (batch.probabilities.max(axis=1) >= at).mean()
        accuracy.append(abs(expected - batch.is_right.mean()))
    sys.stdout.write(
        f"mix at n = 2,000 under label shift: L1 error {np.mean(distances):.3f} (mean),"
        f" {max(distances):.3f} (most); of perfect labels {np.mean(perfect):.3f};"
        f" of counting answers {np.mean(plain):.3f}\n"
        f"expected accuracy under label shift: off by {np.mean(accuracy):.2%} (mean),"
        f" {max(accuracy):.2%} (most)\n"
    )


if __name__ == "__main__":
    for size in (drift.REFERENCE, 500, 150):
        _stable(size)
    _delays()
    _estimates()
