"""How many observations a number about people needs before it may be shown, and what it is."""

from collections import defaultdict
from dataclasses import dataclass

from reviewapp.choices import ComparisonKind, MeasureKind
from reviewapp.domain.carelessness import Tally
from reviewapp.domain.comparisons import Cell
from reviewapp.domain.intervals import Interval, Stratum, share, stratified_difference

# Below these the 95 % interval of a share is wider than 30 points, and the number misleads.
NEEDED = {
    MeasureKind.ALPHA: 30,
    MeasureKind.AGREEMENT: 30,
    MeasureKind.ANCHORING: 30,
    MeasureKind.COMPETENCE: 20,
    MeasureKind.GOLD: 20,
    MeasureKind.BULK: 30,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of one kind about a moderator (None: the team) in a category (None: all), by id."""

    kind: MeasureKind
    moderator: int | None
    category: int | None
    sample: int
    interval: Interval | None

    @property
    def shown(self) -> Interval | None:
        """The interval, unless the sample is too small for anybody to be judged on it."""
        return self.interval if self.sample >= NEEDED[self.kind] else None


def from_tallies(tallies: dict[Cell, Tally]) -> list[Measured]:
    """Return agreement with colleagues, the same of grids, known answers right, and the anchoring gap.

    For each moderator and the team, in each category and overall.
    """
    groups: defaultdict[tuple[int | None, int | None], dict[Cell, Tally]] = defaultdict(dict)
    for cell, tally in tallies.items():
        who, _kind, category, _band = cell
        for key in ((who, category), (who, None), (None, category), (None, None)):
            groups[key][cell] = tally
    return [
        one
        for person, place in sorted(groups, key=repr)
        for one in _measures(person, place, groups[person, place])
    ]


def _measures(person: int | None, place: int | None, tallies: dict[Cell, Tally]) -> list[Measured]:
    of_kind: defaultdict[ComparisonKind, Tally] = defaultdict(Tally)
    for (_who, kind, _category, _band), tally in tallies.items():
        of_kind[kind] += tally
    second = of_kind[ComparisonKind.SECOND_OPINION]
    if person is None:
        # Each pair of answers stands in both tallies.
        second = Tally(second.seen // 2, second.off // 2)
    gold, bulk = of_kind[ComparisonKind.GOLD], of_kind[ComparisonKind.BULK]
    gap = anchoring_gap(tallies)
    return [
        Measured(MeasureKind.AGREEMENT, person, place, second.seen, _right(second)),
        Measured(MeasureKind.GOLD, person, place, gold.seen, _right(gold)),
        Measured(MeasureKind.BULK, person, place, bulk.seen, _right(bulk)),
        Measured(MeasureKind.ANCHORING, person, place, gap.sample if gap else 0, gap),
    ]


def anchoring_gap(tallies: dict[Cell, Tally]) -> Interval | None:
    """Return how much more often FUSION's answer is taken where it is shown than where it is not.

    Person by person, category by category, and at equal confidence: who is handed easier products
    with a suggestion than without one is not anchored by that.
    """
    cells = {
        (who, category, band)
        for who, kind, category, band in tallies
        if kind in (ComparisonKind.SHOWN, ComparisonKind.BLIND)
    }
    return stratified_difference([_stratum(tallies, *cell) for cell in cells])


def _stratum(tallies: dict[Cell, Tally], who: int, category: int, band: int) -> Stratum:
    shown, blind = (
        tallies.get((who, kind, category, band), Tally())
        for kind in (ComparisonKind.SHOWN, ComparisonKind.BLIND)
    )
    return Stratum(shown.seen - shown.off, shown.seen, blind.seen - blind.off, blind.seen)


def _right(tally: Tally) -> Interval | None:
    return share(tally.seen - tally.off, tally.seen) if tally.seen else None
