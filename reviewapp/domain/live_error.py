"""What blind audits say about all automatic listings: estimates with intervals. Pure.

The interval was chosen by simulation (`scripts/bench_audit.py`): of those tried it is the one
whose coverage stays at 95 % down to few audits and rare errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Self

import numpy as np
from scipy.special import betaincinv

from reviewapp.domain.intervals import Interval

# Answered audits below which no number is shown: of everything, and of one day, category or group.
ENOUGH: Final = 100
ENOUGH_OF_A_PART: Final = 30
# A day of listings counts once so many of its audits are answered; a late rest after so many days,
# as if the unanswered were like the answered of the same stratum.
MATURE_SHARE: Final = 0.9
MATURE_DAYS: Final = 14
_DRAWS: Final = 2000
# Jeffreys' half a success and half a failure, for all cells together.
_PRIOR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """Listings that were audited with one probability.

    rank: smaller lies nearer to the threshold; rate: inclusion probability, 0..1
    listed >= drawn >= answered >= wrong
    """

    rank: int
    rate: float
    listed: int
    drawn: int
    answered: int
    wrong: int

    def with_more(self, other: Self) -> Self:
        """Return both together; they have one rank and rate."""
        return replace(
            self,
            listed=self.listed + other.listed,
            drawn=self.drawn + other.drawn,
            answered=self.answered + other.answered,
            wrong=self.wrong + other.wrong,
        )


@dataclass(frozen=True, slots=True)
class LiveError:
    """The error of automatic listings, 0..1.

    error: weighted by listings per answered audit in each cell, with its 95 % interval
    horvitz_thompson: wrong ones over inclusion probability, per listing; too low by the audits
        that wait for their answer. None where something was listed that could not be audited
    hajek: the same per answered audit over inclusion probability
    """

    error: Interval
    horvitz_thompson: float | None
    hajek: float
    listed: int
    drawn: int
    wrong: int


def summed(cells: Iterable[Cell]) -> list[Cell]:
    """Return one cell for each rank and rate."""
    found: dict[tuple[int, float], Cell] = {}
    for cell in cells:
        known = found.get((cell.rank, cell.rate))
        found[cell.rank, cell.rate] = cell if known is None else known.with_more(cell)
    return list(found.values())


def is_mature(*, drawn: int, answered: int, age_days: int) -> bool:
    """Say whether a day of listings counts: its audits are answered, or it is old enough."""
    return answered >= MATURE_SHARE * drawn or age_days >= MATURE_DAYS


def live_error(cells: Iterable[Cell]) -> LiveError | None:
    """Estimate the error of all listings in `cells`; None without a single answered audit.

    Assumes that within a cell answered audits are like those still waiting.
    """
    given = [cell for cell in cells if cell.listed]
    answered = sum(cell.answered for cell in given)
    if not answered:
        return None
    merged = _merged(given)
    drawn = [cell for cell in given if cell.rate > 0]
    weight = sum(cell.answered / cell.rate for cell in drawn)
    total = sum(cell.wrong / cell.rate for cell in drawn)
    listed = sum(cell.listed for cell in given)
    return LiveError(
        error=_interval(tuple(merged)),
        horvitz_thompson=min(total / listed, 1.0) if len(drawn) == len(given) else None,
        hajek=total / weight if weight else 0.0,
        listed=listed,
        drawn=sum(cell.drawn for cell in given),
        wrong=sum(cell.wrong for cell in given),
    )


def error_at_least(cells: Iterable[Cell], tests: int) -> float:
    """Return a lower bound of the error that holds for all of `tests` groups together, 95 % sure.

    The quantile of the Beta law with the posterior's mean and variance: draws do not reach so far.
    Raises ValueError without an answered audit.
    """
    merged = _merged([cell for cell in cells if cell.listed])
    if not merged:
        raise ValueError("There is no answered audit.")
    if not any(cell.wrong for cell in merged):
        return 0.0
    total = sum(cell.listed for cell in merged)
    mean = variance = 0.0
    for cell in merged:
        right = cell.answered - cell.wrong + _PRIOR / len(merged)
        wrong = cell.wrong + _PRIOR / len(merged)
        part, weight = wrong / (wrong + right), cell.listed / total
        mean += weight * part
        variance += weight**2 * part * (1 - part) / (wrong + right + 1)
    size = mean * (1 - mean) / variance - 1
    return float(betaincinv(mean * size, (1 - mean) * size, 0.05 / max(tests, 1)))


def audits_missing(answered: int, enough: int = ENOUGH) -> int:
    """Return how many more answered audits a number needs before it is shown."""
    return max(0, enough - answered)


def _merged(cells: Sequence[Cell]) -> list[Cell]:
    """Give listings without an answer to the nearest cell with one, rather nearer the threshold.

    There more is wrong, so that what nobody has looked at does not flatter.
    """
    ordered = sorted(cells, key=lambda cell: (cell.rank, -cell.rate))
    kept: list[Cell] = []
    waiting = 0
    for cell in ordered:
        if cell.answered:
            kept.append(replace(cell, listed=cell.listed + waiting))
            waiting = 0
        elif kept:
            kept[-1] = replace(kept[-1], listed=kept[-1].listed + cell.listed)
        else:
            waiting += cell.listed
    return kept


# A period is shown again and again, and the counts of a mature day do not change any more.
@lru_cache(maxsize=4096)
def _interval(cells: tuple[Cell, ...]) -> Interval:
    """Return the stratified share with the 2.5 and 97.5 % quantiles of its posterior.

    One Jeffreys prior is shared out among the cells: one in each would drown a rare error.
    """
    listed = np.array([cell.listed for cell in cells], dtype=np.float64)
    answered = np.array([cell.answered for cell in cells], dtype=np.float64)
    wrong = np.array([cell.wrong for cell in cells], dtype=np.float64)
    weight = listed / listed.sum()
    value = float((weight * wrong / answered).sum())
    prior = _PRIOR / len(cells)
    # The same cells give the same interval.
    drawn = np.random.default_rng(0).beta(
        wrong + prior, answered - wrong + prior, size=(_DRAWS, len(cells))
    )
    low, high = np.quantile((weight * drawn).sum(axis=1), [0.025, 0.975]).tolist()
    bottom = 0.0 if not wrong.any() else min(low, value)
    return Interval(value, bottom, max(high, value), int(answered.sum()))
