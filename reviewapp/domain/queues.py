"""Which open items a moderator works on, and in what order they are served. Pure.

Order: by `rank`, the priority aged by waiting time. Ageing is linear, so two items keep their order
for ever, and an index can hold it. A share of the items served is drawn at random instead, which
shows what the order would leave at the bottom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reviewapp.choices import ReviewReason, ServedBy

_FAMILY, _DAYS, _HIGH, _ASSIGNED = "family:", "days:", "high", "assigned"
AGES: Final = (1, 3, 7)
"""Days of waiting that one may ask for."""
MOST_IN_A_ROW: Final = 3
"""Near duplicates served one after the other; more belong into a grid, where one look is enough."""
# Whoever could ask for checks would know them as such: who asks for audits gets whatever is blind.
REASONS = [
    reason
    for reason in ReviewReason
    if reason not in (ReviewReason.SECOND_OPINION, ReviewReason.GOLD)
]


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Open items that are all of this.

    reason: they have it, and are not blind: their cards could not tell it; AUDIT: they are blind,
    for whatever reason; family: of FUSION's answer, a slug; days: waiting at least so long;
    is_high: of high value; is_assigned: to whoever asks
    """

    reason: ReviewReason | None = None
    family: str = ""
    days: int = 0
    is_high: bool = False
    is_assigned: bool = False

    @property
    def is_everything(self) -> bool:
        return self == EVERYTHING

    @property
    def is_by_age(self) -> bool:
        """True when nothing but age limits it: then the longest waiting comes first."""
        return self == ReviewQueue(days=self.days) and self.days > 0

    @property
    def is_blind(self) -> bool:
        """True of the queue of all that is answered without the models' answers in sight."""
        return self.reason is ReviewReason.AUDIT

    def __str__(self) -> str:
        """Write it as an address has it; `parse` reads that."""
        words = [
            self.reason.value if self.reason else "",
            f"{_FAMILY}{self.family}" if self.family else "",
            f"{_DAYS}{self.days}" if self.days else "",
            _HIGH if self.is_high else "",
            _ASSIGNED if self.is_assigned else "",
        ]
        return ",".join(word for word in words if word)


EVERYTHING = ReviewQueue()


def parse(text: str) -> ReviewQueue:
    """Return the queue of `text`; a word in it that means nothing limits nothing."""
    words = text.split(",")
    reasons = [ReviewReason(word) for word in words if word in REASONS]
    families = [word.removeprefix(_FAMILY) for word in words if word.startswith(_FAMILY)]
    days = [age for age in AGES if f"{_DAYS}{age}" in words]
    return ReviewQueue(
        reason=next(iter(reasons), None),
        family=next(iter(families), ""),
        days=max(days, default=0),
        is_high=_HIGH in words,
        is_assigned=_ASSIGNED in words,
    )


@dataclass(frozen=True, slots=True)
class Skills:
    """Ids of category families. only: nothing else is handed out, if any; strong: come first."""

    only: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()

    @property
    def allowed(self) -> frozenset[int]:
        """Return the families handed out, empty for all: whoever is strong in one may have it."""
        return self.only | self.strong if self.only else frozenset()


def group_to_leave(groups: Sequence[int | None]) -> int | None:
    """Return the near-duplicate group that has had its turns, from those served last, newest first.

    The rest of it comes after everything else, or in a grid.
    """
    last = groups[:MOST_IN_A_ROW]
    return last[0] if len(last) == MOST_IN_A_ROW and len(set(last)) == 1 else None


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


def serving_probability(
    served_by: ServedBy, share: float, waiting: float, *, of_rank: float = 1.0
) -> float:
    """Return the probability that the item served was the one to be served, in (0, 1].

    The top item comes up with 1 - share by its rank, and like every other with share / waiting
    by lot. share: of items drawn at random; waiting: how many are free; of_rank: how much of what
    goes by rank goes to its order, where blind items have one of their own
    """
    by_lot = share / max(waiting, 1.0)
    by_rank = (1.0 - share) * of_rank if served_by is ServedBy.RANK else 0.0
    return min(by_rank + by_lot, 1.0)
