"""Reports that look agreed upon: bursts and rings of accounts without a record. Pure.

Three signs, each about people without a proven record: far more than usual on one product within
seconds, far more than usual in one family of categories within seconds, more from one network on one family
within the hour than its reports on other families let expect. Usual is a share, not a rate: what a
product, family or network is expected to get follows from all other reports of the same hour, so
that a busy evening is no crowd. Groups that share a report are one ring. A ring is held, not judged.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from reviewapp.choices import RingSign

_Key = TypeVar("_Key", bound=Hashable)

# So many standard deviations above what is usual are no accident.
_SURGE = 6.0
# A rise of all reports, as in the evening, is seen within so many times the length of a burst.
_SHORT_BURSTS = 10


@dataclass(frozen=True, slots=True)
class RingRules:
    """The numbers of a ReportPolicy row.

    burst_accounts within burst_seconds on one product, twice as many in one family, or
    network_accounts of one network in one family within network_seconds, are held, unless so
    many are usual there.
    """

    burst_seconds: float = 60.0
    burst_accounts: int = 6
    network_seconds: float = 3600.0
    network_accounts: int = 4


@dataclass(frozen=True, slots=True)
class Filed:
    """One report by somebody without a proven record.

    reporter: None when anonymous; network: empty when not known
    """

    report: int
    reporter: int | None
    product: int
    family: int
    network: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Usual:
    """How many reports there are of each on ordinary days; what counts is their proportion.

    products, families: reports on each in the same days
    networks: people of each network who report on each family, since its hash is known
    alongside: for each network everybody's reports on each family since then
    """

    products: Mapping[int, int] = field(default_factory=dict)
    families: Mapping[int, int] = field(default_factory=dict)
    networks: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    alongside: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    def of_product(self, product: int) -> float:
        """Return how many reports on `product` there are for one on any other."""
        return _odds(self.products.get(product, 0), sum(self.families.values()))

    def of_family(self, family: int) -> float:
        """Return how many reports on `family` there are for one on any other."""
        return _odds(self.families.get(family, 0), sum(self.families.values()))

    def of_network(self, network: str, family: int) -> float:
        """Return how many people of `network` report on `family` for one report on any other.

        Told from its share of the reports on all other families, so that a ring does not make
        itself usual.
        """
        own = _elsewhere(self.networks.get(network, {}), family)
        everybody = _elsewhere(self.alongside.get(network, {}), family)
        return self.of_family(family) * own / everybody if everybody else 0.0


@dataclass(frozen=True, slots=True)
class Ring:
    """Reports that belong together, and the signs that say so."""

    reports: frozenset[int]
    signs: tuple[RingSign, ...]


@dataclass(slots=True)
class _Groups:
    """Sets of reports, joined where they overlap."""

    groups: list[tuple[set[int], set[RingSign]]] = field(default_factory=list)

    def add(self, reports: set[int], sign: RingSign) -> None:
        touched = [group for group in self.groups if group[0] & reports]
        self.groups = [group for group in self.groups if not group[0] & reports]
        joined, signs = set(reports), {sign}
        for others, other_signs in touched:
            joined |= others
            signs |= other_signs
        self.groups.append((joined, signs))


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast reports come in around a moment.

    times: of all reports, in order
    spans: it is measured over each, and the fastest counts: the long one knows best, the short one
        sees a rise first
    """

    times: Sequence[datetime]
    spans: tuple[timedelta, ...]

    def expect(
        self, odds: float, apart: Sequence[datetime], within: timedelta
    ) -> Callable[[datetime], float]:
        """Tell for a moment how many are expected `within`, `odds` for each report not `apart`.

        apart: the times, in order, of the reports that must not speak for themselves
        """
        return lambda at: max(
            odds * self._others(apart, at, span) * (within / span) for span in self.spans
        )

    def _others(self, apart: Sequence[datetime], at: datetime, span: timedelta) -> int:
        # The earliest reports are measured by what came after them.
        begin = max(self.times[0], at - span)
        end = begin + span
        return _between(self.times, begin, end) - _between(apart, begin, end)


def find_rings(filed: Sequence[Filed], usual: Usual, rules: RingRules) -> list[Ring]:
    """Return the rings among `filed`, the reports of the last while, longer than either window."""
    burst, hour = timedelta(seconds=rules.burst_seconds), timedelta(seconds=rules.network_seconds)
    times = _times(sorted(filed, key=lambda one: one.at))
    pace = _Pace(times, (max(burst, hour), _SHORT_BURSTS * burst))
    found = _Groups()
    for product, group in _by(filed, lambda one: one.product).items():
        expected = pace.expect(usual.of_product(product), _times(group), burst)
        for reports in _crowds(group, burst, rules.burst_accounts, expected, _account):
            found.add(reports, RingSign.SAME_PRODUCT)
    families: dict[int, list[datetime]] = {}
    for family, group in _by(filed, lambda one: one.family).items():
        families[family] = _times(group)
        expected = pace.expect(usual.of_family(family), families[family], burst)
        for reports in _crowds(group, burst, 2 * rules.burst_accounts, expected, _account):
            found.add(reports, RingSign.SAME_FAMILY)
    known = [one for one in filed if one.network]
    for (network, family), group in _by(known, lambda one: (one.network, one.family)).items():
        expected = pace.expect(usual.of_network(network, family), families[family], hour)
        # Who reports anonymously from one network may well be one visitor.
        for reports in _crowds(
            group, hour, rules.network_accounts, expected, lambda one: one.reporter
        ):
            found.add(reports, RingSign.SAME_NETWORK)
    rings = [Ring(frozenset(reports), tuple(sorted(signs))) for reports, signs in found.groups]
    return sorted(rings, key=lambda ring: min(ring.reports))


def _odds(part: int, total: int) -> float:
    return part / (total - part) if total > part else 0.0


def _elsewhere(counts: Mapping[int, int], family: int) -> int:
    return sum(count for other, count in counts.items() if other != family)


def _surge(expected: float) -> int:
    return math.ceil(expected + _SURGE * math.sqrt(expected))


def _times(filed: Sequence[Filed]) -> list[datetime]:
    return [one.at for one in filed]


def _between(times: Sequence[datetime], begin: datetime, end: datetime) -> int:
    return bisect_right(times, end) - bisect_left(times, begin)


def _account(one: Filed) -> Hashable:
    """Each anonymous report counts as an account of its own."""
    return ("anonymous", one.report) if one.reporter is None else one.reporter


def _by(filed: Sequence[Filed], key: Callable[[Filed], _Key]) -> dict[_Key, list[Filed]]:
    groups: dict[_Key, list[Filed]] = defaultdict(list)
    for one in sorted(filed, key=lambda one: (one.at, one.report)):
        groups[key(one)].append(one)
    return groups


def _crowds(
    group: Sequence[Filed],
    within: timedelta,
    accounts: int,
    expected: Callable[[datetime], float],
    account: Callable[[Filed], Hashable],
) -> Iterator[set[int]]:
    """Yield the reports of each window of `within` that holds too many people.

    That is `accounts` or more, and far more than are `expected` at that time.
    """
    first = 0
    for last, newest in enumerate(group):
        while newest.at - group[first].at > within:
            first += 1
        window = group[first : last + 1]
        people = len({account(one) for one in window})
        if people >= accounts and people >= _surge(expected(newest.at)):
            yield {one.report for one in window}
