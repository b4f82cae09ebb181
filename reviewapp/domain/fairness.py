"""Are some groups served worse than the rest? Shares against the overall share. Pure.

Two harms: a wrong automatic listing (error), and being held back for a person (waiting).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.special import ndtri

from reviewapp.domain.intervals import Interval, share

# Observations of a group below which nothing is judged; and the chance that all tests of one look
# together blame a group wrongly.
FEWEST: Final = 200
LEVEL: Final = 0.05
ERROR, WAITING = "error", "waiting"


@dataclass(frozen=True, slots=True)
class GroupJudgement:
    """One group held against the overall share.

    name: as "language:fr"; low: the share is at least this, sure after correcting for all groups
    bound: how many times the overall share is allowed
    """

    harm: str
    name: str
    value: float
    low: float
    overall: float
    sample: int
    bound: float
    fewest: int = FEWEST

    @property
    def kind(self) -> str:
        return self.name.split(":")[0]

    @property
    def group(self) -> str:
        return self.name.split(":")[1]

    @property
    def is_judged(self) -> bool:
        return self.sample >= self.fewest and self.overall > 0

    @property
    def missing(self) -> int:
        """How many more observations it takes to judge the group."""
        return max(0, self.fewest - self.sample)

    @property
    def breaks(self) -> bool:
        """Say whether the group surely has more than `bound` times the overall share."""
        return self.is_judged and self.low > self.bound * self.overall

    @property
    def ratio(self) -> float | None:
        return self.value / self.overall if self.overall > 0 else None


def judge(
    harm: str, groups: Mapping[str, tuple[int, int]], overall: float, bound: float, tests: int
) -> list[GroupJudgement]:
    """Hold each group's (hits, observations) against `overall`.

    tests: of this look together, all harms; each gets its part of LEVEL (Bonferroni)
    """
    z = -float(ndtri(LEVEL / max(tests, 1)))
    found = []
    for name, (hits, sample) in groups.items():
        if sample:
            rate = share(hits, sample, z)
            found.append(GroupJudgement(harm, name, rate.value, rate.low, overall, sample, bound))
    return found


def worst_to_best(shares: Sequence[Interval]) -> float | None:
    """Return the largest share over the smallest one: inf where only the smallest is 0, 1 where all
    are; None for fewer than two."""
    values = [one.value for one in shares]
    if len(values) < 2:
        return None
    worst, best = max(values), min(values)
    if worst == best:
        return 1.0
    return worst / best if best > 0 else math.inf
