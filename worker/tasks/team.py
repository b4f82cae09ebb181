"""Statistics of the team, kept up to date beside the work."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from django.utils import timezone

from reviewapp.choices import MeasureKind
from reviewapp.domain.agreement import krippendorff_alpha
from reviewapp.domain.intervals import Interval
from reviewapp.domain.team import Measured, from_tallies
from reviewapp.selectors.comparisons import Known, Pair, double_labelled, known_answered
from reviewapp.selectors.team import all_tallies, is_measuring_due
from reviewapp.services.comparisons import book_comparisons
from reviewapp.services.team import store_measures
from worker.app import app
from worker.competence import BlindAnswer, KnownAnswered, competence

# Per run; the next one, a minute later, goes on where this one stopped.
_BUDGET_SECONDS = 20.0
# The newest ones: about a hundred working days of a team that double-labels fifty products a day.
_MOST_PAIRS = 5000


@app.task
def book() -> None:
    """Book settled decisions as comparisons, and raise the alarms that follow."""
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and book_comparisons(now=timezone.now()) is not None:
        pass


@app.task(soft_time_limit=600, time_limit=660)
def measure() -> None:
    """Measure agreement, anchoring and competence anew, if anybody has decided since."""
    now = timezone.now()
    if not is_measuring_due():
        return
    pairs = double_labelled(most=_MOST_PAIRS)
    known = known_answered(most=_MOST_PAIRS)
    measured = [*from_tallies(all_tallies()), *_alphas(pairs), *_competences(pairs, known)]
    store_measures(measured=measured, now=now)


def _alphas(pairs: list[Pair]) -> Iterator[Measured]:
    units = [[pair.first.category, pair.second.category] for pair in pairs]
    # The same pairs give the same interval.
    found = krippendorff_alpha(units, seed=len(units))
    yield Measured(MeasureKind.ALPHA, None, None, len(units), found.overall)
    for category, interval in found.by_category.items():
        held = sum(category in unit for unit in units)
        yield Measured(MeasureKind.ALPHA, None, category, held, interval)


def _competences(pairs: list[Pair], known: list[Known]) -> Iterator[Measured]:
    answers = [
        BlindAnswer(pair.product, given.moderator, given.category)
        for pair in pairs
        for given in (pair.first, pair.second)
    ]
    beliefs = {pair.product: pair.beliefs for pair in pairs}
    categories = sorted({answer.code for answer in answers} | _believed(pairs))
    settled = [KnownAnswered(k.given.moderator, k.given.category, k.truth) for k in known]
    found = competence(answers, beliefs, categories, settled)
    for (person, category), interval in found.items():
        yield _of_person(person, category, interval)


def _of_person(person: int, category: int | None, interval: Interval) -> Measured:
    return Measured(MeasureKind.COMPETENCE, person, category, interval.sample, interval)


def _believed(pairs: Iterable[Pair]) -> set[int]:
    return {category for pair in pairs for category, _probability in pair.beliefs}
