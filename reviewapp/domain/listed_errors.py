"""How many accepted products are wrong, and what that proves, near duplicates taken into account. Pure.

Shapes: N = accepted products. groups: (N,) numbers that near duplicates share, or None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from classifier.certify import error_bound, labels_needed
from classifier.design_effect import design_effect
from reviewapp.domain import clusters
from reviewapp.domain.intervals import Interval

DELTA: Final = 0.05
"""Promises hold with 1 - DELTA."""


@dataclass(frozen=True, slots=True)
class ListedErrors:
    """Of accepted products: how many are wrong, and their share with its interval.

    effect: how many of them say as much as one independent product
    """

    accepted: int
    wrong: int
    share: Interval | None
    effect: float

    @classmethod
    def of(cls, wrong: npt.NDArray[np.bool_], groups: npt.NDArray[np.int64] | None) -> Self:
        """Count `wrong` (N,)."""
        interval = clusters.share(wrong, groups) if len(wrong) else None
        return cls(len(wrong), int(wrong.sum()), interval, design_effect(wrong, groups))

    @property
    def bound(self) -> float:
        """At most this share is wrong with 1 - DELTA, if the products were not picked by their errors."""
        return error_bound(self.wrong / self.effect, self.accepted / self.effect, DELTA)

    def labels_missing(self, target: float) -> int | None:
        """Return how many more accepted products would certify `target` if they err like these.

        None when more would not help.
        """
        if self.accepted and self.bound <= target:
            return 0
        rate = self.wrong / self.accepted if self.accepted else 0.0
        if rate >= target:
            return None
        try:
            needed = labels_needed(target, DELTA, rate) * self.effect
        except ValueError:
            return None
        return max(math.ceil(needed) - self.accepted, 1)
