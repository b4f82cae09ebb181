"""Rechecks: which answers of a moderator colleagues check, and what came of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reviewapp.domain.intervals import Interval, share

MOST_RECHECKED: Final = 2000
"""Answers of one recheck, newest first: about a moderator's week, and a day of a colleague."""
LONGEST_DAYS: Final = 365
NEEDED: Final = 20
"""Answered checks before a share of changed ones is told; nobody is judged on fewer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which answers: of the last `days`, or the `last` so many. Exactly one of the two."""

    days: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        if (self.days is None) == (self.last is None):
            raise ValueError("A recheck goes back by days or by answers.")

    def since(self, now: datetime) -> datetime | None:
        """Return from when on answers count; None where their number says so."""
        return None if self.days is None else now - timedelta(days=self.days)

    @property
    def most(self) -> int:
        """Return how many answers at most."""
        return min(self.last or MOST_RECHECKED, MOST_RECHECKED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a recheck's checks.

    confirmed, changed: a colleague gave the same answer, or another; waiting: for a colleague;
    dropped: withdrawn, or decided anew for another reason, so that nothing was compared
    """

    confirmed: int = 0
    changed: int = 0
    waiting: int = 0
    dropped: int = 0

    @property
    def opened(self) -> int:
        return self.answered + self.waiting + self.dropped

    @property
    def answered(self) -> int:
        return self.confirmed + self.changed

    @property
    def missing(self) -> int:
        """Return how many answers are missing until the share of changed ones may be told."""
        return max(0, NEEDED - self.answered)

    @property
    def share_changed(self) -> Interval | None:
        """Return the share of answers that colleagues changed, with its 95 % interval."""
        return None if self.missing else share(self.changed, self.answered)
