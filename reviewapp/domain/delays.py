"""Delays as counts in logarithmic buckets, which add up over days and groups. Pure.

Bucket b holds delays in (3600 x 2^((b-1)/4), 3600 x 2^(b/4)] seconds, so that an hour and its
doublings are edges. A quantile is told as the geometric middle of its bucket: at most 9.1 % away
(2^(1/8) - 1), as in DDSketch (Masson, Rim, Lee, VLDB 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

HOUR: Final = 3600.0
PER_DOUBLING: Final = 4
# A second and less; half a year and more.
LOWEST: Final = -47
HIGHEST: Final = 49
# Doublings of the hour, from seconds to months.
EDGES: Final = range(-44, HIGHEST, PER_DOUBLING)
ERROR: Final = 2 ** (0.5 / PER_DOUBLING) - 1
"""Largest relative error of a quantile, between the outermost buckets."""


def bucket(seconds: float) -> int:
    """Return the bucket of a delay; `selectors.delay_sql` says the same in SQL."""
    exact = PER_DOUBLING * math.log2(max(seconds, 1.0) / HOUR)
    return min(max(math.ceil(exact - 1e-9), LOWEST), HIGHEST)


def upper(index: int) -> float:
    """Return the longest delay of a bucket in seconds."""
    return HOUR * 2 ** (index / PER_DOUBLING)


def cumulative(counts: Mapping[int, int]) -> list[tuple[float, int]]:
    """Return the products within each of EDGES in seconds."""
    return [
        (upper(edge), sum(products for index, products in counts.items() if index <= edge))
        for edge in EDGES
    ]


def total_seconds(counts: Mapping[int, int]) -> float:
    """Return the sum of all delays, each taken as the geometric middle of its bucket."""
    return sum(_middle(index) * products for index, products in counts.items())


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the delay in seconds that `share` of the counted products stay within; None of none."""
    left = share * sum(counts.values())
    for index in sorted(counts):
        left -= counts[index]
        if left <= 1e-9 and counts[index]:
            return _middle(index)
    return None


def _middle(index: int) -> float:
    return HOUR * 2 ** ((index - 0.5) / PER_DOUBLING)


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of what may be late was late. arrived: products old enough to be late."""

    arrived: int
    in_time: int
    target: float

    @property
    def kept(self) -> float | None:
        """Share of arrivals in time, 0..1."""
        return self.in_time / self.arrived if self.arrived else None

    @property
    def burn(self) -> float | None:
        """Late share over the allowed one; above 1 the objective is missed."""
        return None if self.kept is None else (1 - self.kept) / (1 - self.target)
