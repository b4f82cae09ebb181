"""When the review queue will be empty, or why that cannot be told. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# The pace of one hour says nothing about a day that is not the next one.
FARTHEST: Final = timedelta(days=7)
STALE: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Observation:
    """The queue at one moment. answered, people: of the hour before; is_more: open is a lower bound."""

    at: datetime
    open: int
    is_more: bool
    answered: int
    people: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """arrivals, answers: per hour. empty_at: None for the reason in `why`.

    why: "unmeasured", "stale", "many", "nobody", "growing", "far", or empty
    """

    arrivals: float | None
    answers: float
    people: int
    empty_at: datetime | None
    why: str = ""


def forecast(before: Observation | None, last: Observation | None, now: datetime) -> Forecast:
    """Extend the pace of the last hour, which lies between the two observations."""
    if last is None or before is None or last.at <= before.at:
        return Forecast(
            None, last.answered if last else 0, last.people if last else 0, None, "unmeasured"
        )
    if now - last.at > STALE:
        return Forecast(None, last.answered, last.people, None, "stale")
    if last.is_more or before.is_more:
        return Forecast(None, last.answered, last.people, None, "many")
    hours = (last.at - before.at) / timedelta(hours=1)
    # What came is what the queue grew by, and what was answered meanwhile.
    arrivals = max(0.0, (last.open - before.open) / hours + last.answered)
    pace = last.answered - arrivals
    empty_at, why = None, ""
    if last.people == 0 and last.open:
        why = "nobody"
    elif pace <= 0 and last.open:
        why = "growing"
    elif last.open and last.open / pace > FARTHEST / timedelta(hours=1):
        why = "far"
    else:
        empty_at = last.at + timedelta(hours=last.open / pace if last.open else 0)
    return Forecast(arrivals, last.answered, last.people, empty_at, why)
