"""Which open items a moderator works on, and in what order they are served. Pure.

Order: by `rank`, the priority aged by waiting time. Ageing is linear, so two items keep their order
for ever, and an index can hold it. A share of the items served is drawn at random instead, which
shows what the order would leave at the bottom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reviewapp.choices import ReviewReason, ServedBy

_FAMILY = "family:"


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Open items with `reason`, or whose answer by FUSION is of the family `family` (a slug)."""

    reason: ReviewReason | None = None
    family: str = ""

    @property
    def is_everything(self) -> bool:
        return self.reason is None and not self.family

    def __str__(self) -> str:
        """Write it as an address has it; `parse` reads that."""
        return f"{_FAMILY}{self.family}" if self.family else (self.reason or "")


EVERYTHING = ReviewQueue()


def parse(text: str) -> ReviewQueue:
    """Return the queue of `text`; a text that names no queue limits nothing."""
    if text.startswith(_FAMILY):
        return ReviewQueue(family=text.removeprefix(_FAMILY))
    return ReviewQueue(ReviewReason(text)) if text in ReviewReason.values else EVERYTHING


def family_value(slug: str) -> str:
    """Return the text of a family's queue."""
    return str(ReviewQueue(family=slug))


def waiting_estimate(draws: list[float], start: float, most: int) -> float:
    """Return about how many free items there are, from their uniform draws in [0, 1).

    draws: up to `most` of the smallest that are at least `start`. Fewer than `most` means that
    they reach to 1. The k-th of them lies, on average, k / N above `start`.
    """
    if len(draws) < most:
        span, count = 1.0 - start, len(draws)
    else:
        span, count = draws[-1] - start, len(draws) - 1
    return max(count / span, 1.0) if span > 0 else math.inf


def serving_probability(served_by: ServedBy, share: float, waiting: float) -> float:
    """Return the probability that the item served was the one to be served, in (0, 1].

    The top item comes up with 1 - share by its rank, and like every other with share / waiting
    by lot. share: of items drawn at random; waiting: how many are free
    """
    by_lot = share / max(waiting, 1.0)
    return min(1.0 - share + by_lot, 1.0) if served_by is ServedBy.RANK else min(by_lot, 1.0)
