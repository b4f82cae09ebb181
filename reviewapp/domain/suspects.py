"""What people have said of suspect labels. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reviewapp.domain.intervals import Interval, share

ENOUGH: Final = 20
"""Answers below which a yield says too little to be shown as one."""
MOST_OPENED: Final = 500
"""Suspects that one request may put before people."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Suspects by what has become of them.

    confirmed: a person gave another code; cleared: the same code; waiting: in review; dropped:
    taken out of review without an answer; unasked: nobody has been asked
    """

    confirmed: int = 0
    cleared: int = 0
    waiting: int = 0
    dropped: int = 0
    unasked: int = 0

    @property
    def opened(self) -> int:
        return self.confirmed + self.cleared + self.waiting + self.dropped

    @property
    def decided(self) -> int:
        return self.confirmed + self.cleared

    @property
    def missing(self) -> int:
        """Answers until the yield may be told."""
        return max(0, ENOUGH - self.decided)

    @property
    def confirmed_share(self) -> Interval | None:
        """The yield, with Wilson's interval; None below ENOUGH answers."""
        return None if self.missing else share(self.confirmed, self.decided)
