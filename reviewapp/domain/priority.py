"""How urgent a review item is: higher comes first. Pure.

Doubts are ordered by the expected cost of leaving them wrong per minute of review:

    P(wrong) x cost of a wrong view x views a day / minutes of review

the value of a review when reviewers' minutes are what is scarce. On the scale of the queue that is
a number in 0..2, 1 for a product that is certainly wrong with everything else as usual: bounded,
so that a waiting item overtakes every fresh doubt in the end. What people asked for comes first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from reviewapp.choices import EstimateSource

# A colleague is stuck and waits for a lead's answer.
ESCALATED = 3.0
# A buyer has seen something wrong: ahead of every mere doubt.
REPORTED = 2.0
# A seller contests a decision and waits for a second person.
APPEALED = 2.0
# Reports that never reached the bar, drawn by lot: they may wait like a product in doubt.
BY_LOT = 0.5
# Audits measure; they may wait behind products that nobody can see yet.
AUDIT = 0.1

# From here on an item is in the queue of high value: as costly as a product certainly wrong.
HIGH_VALUE: Final = 1.0

USUAL_COST: Final = 1.0
"""Of one view of a wrongly listed product. A category whose wrong listings cost the policy in force
twice as much as others has 2."""
USUAL_VIEWS: Final = 10.0
"""Views of a listed product a day, until enough are counted."""
USUAL_SECONDS: Final = 10.0
"""Seconds of review for one product, until enough decisions are measured."""

# An outlier among few counts must not outweigh everything else.
_VIEWS_RANGE: Final = (0.1, 10_000.0)
_SECONDS_RANGE: Final = (2.0, 600.0)
# Below this many observations the prior stands.
ENOUGH: Final = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and where it is from; `count`: of observations, 0 for a prior."""

    value: float
    source: EstimateSource = EstimateSource.PRIOR
    count: int = 0


@dataclass(frozen=True, slots=True)
class ExpectedCost:
    """The ingredients of a priority. views: a day; seconds: of one review."""

    p_wrong: float
    cost: float
    views: Estimate
    seconds: Estimate

    @property
    def per_day(self) -> float:
        """Expected cost of a day in the wrong category."""
        return self.p_wrong * self.cost * self.views.value

    @property
    def minutes(self) -> float:
        """Of one review."""
        return self.seconds.value / 60

    @property
    def per_minute(self) -> float:
        """Expected cost of a day in the wrong category that one minute of review saves."""
        return self.per_day / self.minutes

    @property
    def priority(self) -> float:
        """0..2, 1 for a product certainly wrong with everything else as usual."""
        ratio = self.per_minute / _USUAL_PER_MINUTE
        return 2 * ratio / (1 + ratio)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        estimates = {name: _estimate(stored[name]) for name in ("views", "seconds")}
        return cls(**(stored | estimates))


_USUAL_PER_MINUTE: Final = USUAL_COST * USUAL_VIEWS / (USUAL_SECONDS / 60)


def _estimate(stored: dict[str, Any]) -> Estimate:
    return Estimate(stored["value"], EstimateSource(stored["source"]), stored["count"])


def p_wrong(confidence: float | None) -> float:
    """Return how likely the product is in a wrong place; without an answer it is in none at all."""
    return 1.0 if confidence is None else min(max(1.0 - confidence, 0.0), 1.0)


def expected_cost(
    probability: float,
    cost: float | None,
    views: Estimate | None,
    seconds: Estimate | None,
) -> ExpectedCost:
    """Put the ingredients together; None, or too few observations, stands for the usual value.

    probability: that the product is in the wrong place, 0..1
    """
    return ExpectedCost(
        probability,
        USUAL_COST if cost is None else cost,
        _within(views, USUAL_VIEWS, _VIEWS_RANGE),
        _within(seconds, USUAL_SECONDS, _SECONDS_RANGE),
    )


def _within(estimate: Estimate | None, usual: float, limits: tuple[float, float]) -> Estimate:
    if estimate is None or estimate.count < ENOUGH:
        return Estimate(usual)
    value = min(max(estimate.value, limits[0]), limits[1])
    return Estimate(value, estimate.source, estimate.count)


def reported_priority(score: float) -> float:
    """Return the priority of a case of reports from its score, from 0 on: below ESCALATED."""
    return REPORTED + (ESCALATED - REPORTED) * score / (1.0 + score)


def longest(estimates: list[Estimate]) -> Estimate | None:
    """Return the longest estimate backed by enough decisions: the hardest reason sets the pace."""
    known = [estimate for estimate in estimates if estimate.count >= ENOUGH]
    return max(known, key=lambda estimate: estimate.value, default=None)
