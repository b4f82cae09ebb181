"""How many observations a number about people needs before it may be shown, and what it is."""

from dataclasses import dataclass

from reviewapp.choices import ComparisonKind, MeasureKind
from reviewapp.domain.carelessness import Tally
from reviewapp.domain.intervals import Interval, difference, share

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


def from_tallies(
    tallies: dict[tuple[int, ComparisonKind, int], Tally],
) -> list[Measured]:
    """Return agreement with colleagues, the same of grids, known answers right, and the anchoring gap.

    For each moderator and the team, in each category and overall.
    """
    sums: dict[tuple[int | None, ComparisonKind, int | None], Tally] = {}
    for (who, kind, category), tally in tallies.items():
        for person in (who, None):
            for place in (category, None):
                key = (person, kind, place)
                sums[key] = sums.get(key, Tally()) + tally
    measured = []
    for person, place in sorted({(w, c) for w, _k, c in sums}, key=repr):
        of_kind = {kind: sums.get((person, kind, place), Tally()) for kind in ComparisonKind}
        measured += _measures(person, place, of_kind)
    return measured


def _measures(
    person: int | None, place: int | None, tallies: dict[ComparisonKind, Tally]
) -> list[Measured]:
    shown, blind = (_right(tallies[kind]) for kind in (ComparisonKind.SHOWN, ComparisonKind.BLIND))
    gap = difference(shown, blind) if shown and blind else None
    smaller = min(tallies[ComparisonKind.SHOWN].seen, tallies[ComparisonKind.BLIND].seen)
    second, gold = tallies[ComparisonKind.SECOND_OPINION], tallies[ComparisonKind.GOLD]
    bulk = tallies[ComparisonKind.BULK]
    if person is None:
        # Each pair of answers stands in both tallies.
        second = Tally(second.seen // 2, second.off // 2)
    return [
        Measured(MeasureKind.AGREEMENT, person, place, second.seen, _right(second)),
        Measured(MeasureKind.GOLD, person, place, gold.seen, _right(gold)),
        Measured(MeasureKind.BULK, person, place, bulk.seen, _right(bulk)),
        Measured(MeasureKind.ANCHORING, person, place, smaller, gap),
    ]


def _right(tally: Tally) -> Interval | None:
    return share(tally.seen - tally.off, tally.seen) if tally.seen else None
