"""What an answer is held against, and the ledger in which that is booked."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from reviewapp.choices import ComparisonKind, ReviewReason
from reviewapp.domain.carelessness import (
    STREAM_OF,
    Tally,
    Watch,
    after_answer,
    payoff,
    tolerated,
)

# An answer that is taken back at once says nothing about its author; after this it counts for good.
# It also outlasts any transaction whose decision has a lower id and is not yet to be seen.
GRACE = timedelta(minutes=10)
# These items are not drawn like the others, so that FUSION's answer to them is right more or less often.
_BAND_EDGES: Final = (0.5, 0.8, 0.95)
NO_BAND: Final = 0
# Moderator, what the answer is held against, category (by id), band of confidence.
Cell = tuple[int, ComparisonKind, int, int]
_APART = frozenset({ReviewReason.AUDIT, ReviewReason.GOLD, ReviewReason.SECOND_OPINION})


def band_of(confidence: float | None) -> int:
    """Return the band of FUSION's confidence, 1 for the least; NO_BAND when it is not known.

    Answers with and without suggestion are compared within a band: who is handed the doubtful
    products agrees less with FUSION, whatever is shown.
    """
    return NO_BAND if confidence is None else 1 + bisect_right(_BAND_EDGES, confidence)


@dataclass(frozen=True, slots=True)
class Given:
    """Who answered which category (by id). is_bulk: in a grid, with one look at many products;
    is_in_sight: the models' answers had been seen before"""

    moderator: int
    category: int
    is_bulk: bool = False
    is_in_sight: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """One standing answer with all it can be held against; categories are ids.

    suggested: FUSION's answer; five: FUSION's first ones; known: of a gold item; first: the answer
    that this one is the blind second opinion to; decision: where it is from, by id; confidence:
    FUSION's, 0..1, if it is known
    """

    given: Given
    suggested: int | None
    five: frozenset[int]
    reasons: frozenset[ReviewReason]
    is_blind: bool
    known: int | None = None
    first: Given | None = None
    decision: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One person's answer held against one thing; `category` is the one whose difficulty counts.

    decision: of a known answer, whose comparison may have to be taken out again; band: of FUSION's
    confidence, where it is FUSION's answer that is held against
    """

    moderator: int
    kind: ComparisonKind
    category: int
    is_off: bool
    decision: int | None = None
    band: int = NO_BAND


def comparisons_of(facts: AnswerFacts) -> Iterator[Comparison]:
    """Yield what an answer says about its author, and a second opinion about both authors.

    About the first one alone, and apart, who had seen the models' answers: they may have led there.
    In a grid there was one look at many, which is apart again.
    """
    who, answer = facts.given.moderator, facts.given.category
    if facts.known is not None:
        is_off = answer != facts.known
        yield Comparison(who, ComparisonKind.GOLD, facts.known, is_off, facts.decision)
    if facts.first is not None:
        yield from _with_colleague(facts, facts.first)
    if facts.suggested is None or facts.reasons & _APART:
        return
    kind = ComparisonKind.BLIND if facts.is_blind else ComparisonKind.SHOWN
    is_off, band = answer != facts.suggested, band_of(facts.confidence)
    yield Comparison(who, kind, facts.suggested, is_off, band=band)
    if facts.five:
        yield Comparison(who, ComparisonKind.FAR, facts.suggested, answer not in facts.five)


def _with_colleague(facts: AnswerFacts, first: Given) -> Iterator[Comparison]:
    is_off = facts.given.category != first.category
    subject = facts.suggested or first.category
    if first.is_bulk or first.is_in_sight:
        kind = ComparisonKind.BULK if first.is_bulk else ComparisonKind.IN_SIGHT
        yield Comparison(first.moderator, kind, subject, is_off)
        return
    for moderator in (first.moderator, facts.given.moderator):
        yield Comparison(moderator, ComparisonKind.SECOND_OPINION, subject, is_off)


@dataclass(frozen=True, slots=True)
class Line:
    """Answers of one kind since a watch began: how many were off, how many might have been."""

    seen: int = 0
    off: int = 0
    tolerated: float = 0.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """A watch that has reached ALARM_AT, with its record."""

    moderator: int
    evidence: float
    record: dict[ComparisonKind, Line]


@dataclass(frozen=True, slots=True)
class Stake:
    """What a known answer's comparison did to the watch over its author, see `GoldComparison`."""

    comparison: Comparison
    decision: int
    factor: float = 1.0
    bound: float = 0.0


@dataclass
class Ledger:
    """Tallies of everybody by kind, category and band, and the watch over each person.

    `categories`: how many are in use. `changed`, `restarted` and `stakes` are what has to be stored.
    Booking costs the same however long the ledger is.
    """

    categories: int
    tallies: dict[Cell, Tally] = field(default_factory=dict)
    watches: dict[int, Watch] = field(default_factory=dict)
    records: dict[int, dict[ComparisonKind, Line]] = field(default_factory=dict)
    changed: set[Cell] = field(default_factory=set)
    restarted: set[int] = field(default_factory=set)
    stakes: list[Stake] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._of_kind: dict[ComparisonKind, Tally] = defaultdict(Tally)
        self._of_category: dict[tuple[ComparisonKind, int], Tally] = defaultdict(Tally)
        self._of_person: dict[tuple[int, ComparisonKind], Tally] = defaultdict(Tally)
        self._own: dict[tuple[int, ComparisonKind, int], Tally] = defaultdict(Tally)
        for key, tally in self.tallies.items():
            self._add(key, tally)

    def book(self, comparison: Comparison) -> Alarm | None:
        """Add one comparison; return the alarm if it raises one, and begin that watch anew."""
        who, kind = comparison.moderator, comparison.kind
        key = (who, kind, comparison.category, comparison.band)
        bound = self._tolerated(comparison)
        one = Tally(1, int(comparison.is_off))
        self.tallies[key] = self.tallies.get(key, Tally()) + one
        self.changed.add(key)
        self._add(key, one)
        self._note_stake(comparison, bound)
        return None if bound is None else self._watch(comparison, bound)

    def _tolerated(self, comparison: Comparison) -> float | None:
        who, kind = comparison.moderator, comparison.kind
        if kind not in STREAM_OF:
            return None
        own = self._own[who, kind, comparison.category]
        return tolerated(
            peers=self._of_kind[kind] - self._of_person[who, kind],
            peers_here=self._of_category[kind, comparison.category] - own,
        )

    def _note_stake(self, comparison: Comparison, bound: float | None) -> None:
        if comparison.decision is None:
            return
        if bound is None:
            self.stakes.append(Stake(comparison, comparison.decision))
            return
        factor = payoff(
            kind=comparison.kind,
            is_off=comparison.is_off,
            bound=bound,
            categories=self.categories,
        )
        self.stakes.append(Stake(comparison, comparison.decision, factor, bound))

    def _add(self, key: Cell, tally: Tally) -> None:
        who, kind, category, _band = key
        self._own[who, kind, category] += tally
        self._of_kind[kind] += tally
        self._of_category[kind, category] += tally
        self._of_person[who, kind] += tally

    def _watch(self, comparison: Comparison, bound: float) -> Alarm | None:
        who, kind = comparison.moderator, comparison.kind
        watch = after_answer(
            self.watches.get(who, Watch()),
            kind=kind,
            is_off=comparison.is_off,
            bound=bound,
            categories=self.categories,
        )
        record = self.records.setdefault(who, {})
        line = record.get(kind, Line())
        record[kind] = Line(line.seen + 1, line.off + comparison.is_off, line.tolerated + bound)
        self.watches[who] = watch
        if not watch.is_alarm:
            return None
        self.watches[who] = Watch()
        self.records[who] = {}
        self.restarted.add(who)
        # What the watch before has counted is no part of the new one.
        self.stakes = [
            replace(stake, factor=1.0, bound=0.0) if stake.comparison.moderator == who else stake
            for stake in self.stakes
        ]
        return Alarm(who, watch.evidence, record)
