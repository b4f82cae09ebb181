"""Thresholds with a promise: "at most 2 % wrong among automatic listings, 95 % sure".

A threshold picked because its *observed* error meets a target breaks the target about two times in
five; the bounds here leave room for chance, and for near duplicates that are wrong together. They
hold for products drawn like the calibration sample, and only while that stays so. numpy and scipy
only, so that a web process may use it.

Shapes: N = products of the calibration sample. groups: (N,) numbers that near duplicates share, or
None when each product stands for itself.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import bdtr, betainc, betaincinv

from classifier.arrays import Bools, Floats, Ints
from classifier.design_effect import design_effect, worst_effects
from classifier.selection import risk_coverage

# More steps cost power near the end, fewer cost coverage between two thresholds.
_STEPS: Final = 60
# The least that the first step takes of a sample: of fewer products a handful wrong by chance would
# end the test, however large the sample.
_FIRST_PART: Final = 0.2
_MOST_LABELS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is promised of accepting every confidence >= threshold.

    threshold: math.inf when nothing can be promised
    accepted, wrong: of the sample, at this threshold
    coverage: share of the sample accepted, 0..1
    bound: a bound on the selective error of this threshold alone, at most the target; what is
        promised is the target. 1 without a promise
    independent: how many independent products say as much as those accepted
    """

    threshold: float
    accepted: int
    wrong: int
    coverage: float
    bound: float
    independent: float

    @property
    def is_given(self) -> bool:
        return math.isfinite(self.threshold)


NONE: Final = Certificate(math.inf, 0, 0, 0.0, 1.0, 0.0)


def error_bound(wrong: float, accepted: float, delta: float) -> float:
    """Return the upper bound on an error rate after `wrong` of `accepted`, sure to 1 - delta.

    One-sided and exact for independent draws (Clopper & Pearson, Biometrika 1934). For near
    duplicates both numbers are those of products over their design effect (E. Korn & B. Graubard,
    Survey Methodology 24, 1998).
    """
    if wrong >= accepted:
        return 1.0
    return float(betaincinv(wrong + 1, accepted - wrong, 1 - delta))


def learn_then_test(
    confidence: Floats, is_right: Bools, target: float, delta: float, groups: Ints | None = None
) -> Certificate:
    """Return the lowest threshold whose selective error is below `target`, sure to 1 - delta.

    Tests thresholds in a fixed order, strictest first, each at level delta, and stops at the first
    that fails: the fixed-sequence variant of Learn then Test (Angelopoulos, Bates, Candès, Jordan &
    Lei, Annals of Applied Statistics 2025, arXiv 2110.01052). The order must not look at labels; it
    is laid over confidences and groups alone, and begins with the surest fifth, or with as many as
    pass with an error rate of a quarter of the target where that is more.

    confidence, is_right: (N,); target, delta: in (0, 1)
    """
    if not len(confidence):
        return NONE
    surest_first = np.argsort(-confidence, kind="stable")
    falling, wrong = confidence[surest_first], ~is_right[surest_first]
    known = None if groups is None else groups[surest_first]
    best = NONE
    for size in _steps(falling, known, target, delta):
        effect = design_effect(wrong[:size], None if known is None else known[:size])
        errors = int(wrong[:size].sum())
        if _so_few_by_chance(errors / effect, size / effect, target) > delta:
            break
        best = Certificate(
            threshold=float(falling[size - 1]),
            accepted=size,
            wrong=errors,
            coverage=size / len(confidence),
            bound=error_bound(errors / effect, size / effect, delta),
            independent=size / effect,
        )
    return best


def first_tested(
    confidence: Floats, target: float, delta: float, groups: Ints | None = None
) -> Ints:
    """Return the places (M,) of the products, surest first, that `learn_then_test` begins with.

    confidence: (N,), N >= 1; target, delta: in (0, 1)
    """
    surest_first = np.argsort(-confidence, kind="stable")
    known = None if groups is None else groups[surest_first]
    return surest_first[: _steps(confidence[surest_first], known, target, delta)[0]]


def selection_with_guaranteed_risk(
    confidence: Floats, is_right: Bools, target: float, delta: float
) -> Certificate:
    """Return a threshold by binary search under a bound that holds for all steps at once.

    SGR (Geifman & El-Yaniv, NeurIPS 2017, arXiv 1705.08500), for products without near duplicates.
    Stricter than `learn_then_test`, and the yardstick that it is compared with.

    confidence, is_right: (N,); target, delta: in (0, 1)
    """
    if not len(confidence):
        return NONE
    curve = risk_coverage(confidence, is_right)
    accepted = np.rint(curve.coverage * len(confidence)).astype(np.int64)
    wrong = np.rint(curve.error * accepted).astype(np.int64)
    steps = max(math.ceil(math.log2(len(accepted))), 1)
    best, low, high = NONE, 0, len(accepted) - 1
    for _ in range(steps):
        middle = (low + high + 1) // 2
        bound = error_bound(int(wrong[middle]), int(accepted[middle]), delta / steps)
        if bound <= target:
            best = Certificate(
                threshold=float(curve.threshold[middle]),
                accepted=int(accepted[middle]),
                wrong=int(wrong[middle]),
                coverage=int(accepted[middle]) / len(confidence),
                bound=bound,
                independent=float(accepted[middle]),
            )
            low = middle
        else:
            high = max(middle - 1, 0)
    return best


def labels_needed(target: float, delta: float, rate: float = 0.0) -> int:
    """Return how many accepted products certify `target` if they err at `rate` (< target).

    Raises ValueError when no number would do.
    """
    if not 0 <= rate < target < 1:
        raise ValueError(f"An error rate of {rate} can never certify {target}.")
    most = 1
    while (labels := _least_accepted(most - 1, target, delta)) * rate > most - 1:
        if labels > _MOST_LABELS:
            raise ValueError(f"{rate} lies too near to {target} to be told apart.")
        most *= 2
    # The fewest errors whose sample is small enough to hold no more of them.
    wrong = bisect_left(
        range(most - 1),
        True,
        key=lambda errors: _least_accepted(errors, target, delta) * rate <= errors,
    )
    return _least_accepted(wrong, target, delta)


def _least_accepted(wrong: int, target: float, delta: float) -> int:
    """Return how many accepted products certify `target` in spite of `wrong` errors."""
    most = wrong + 1
    while bdtr(float(wrong), most, target) > delta:
        most *= 2
    return bisect_left(
        range(most), True, key=lambda n: n > wrong and bdtr(float(wrong), n, target) <= delta
    )


def _so_few_by_chance(wrong: float, accepted: float, target: float) -> float:
    """Return the chance of at most `wrong` errors if the true rate were `target`: the binomial
    distribution, carried on between whole numbers."""
    return 1.0 if wrong >= accepted else float(betainc(accepted - wrong, wrong + 1, 1 - target))


def _steps(falling: Floats, groups: Ints | None, target: float, delta: float) -> list[int]:
    """Return how many products each step takes, strictest first, about evenly many more each time.

    falling: (N,) confidences, surest first; those alike come in together
    """
    ends = np.flatnonzero(np.append(np.diff(falling) != 0, True)) + 1
    independent = ends / worst_effects(groups, len(falling))[ends - 1]
    least = labels_needed(target, delta, target / 4)
    enough = np.flatnonzero(independent >= max(least, _FIRST_PART * independent[-1]))
    if not len(enough):
        # Too few for a quarter of the target; an error-free sample may still do.
        return [len(falling)]
    wanted = np.linspace(ends[enough[0]], len(falling), _STEPS)
    return sorted({int(ends[place]) for place in np.searchsorted(ends, wanted)})
