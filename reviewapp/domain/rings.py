"""Reports that look agreed upon: bursts and rings of accounts without a record. Pure.

Three signs, each about people without a proven record: far more than usual on one product within
seconds, far more than usual in one family of categories within seconds, more from one network on one family
within the hour than its reports on other families let expect. Groups that share a report are one ring. A ring is held, not judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reviewapp.choices import RingSign

# So many standard deviations above what is usual are no accident.
_SURGE = 6.0


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
    """What comes in on ordinary days, a second.

    products, families: reports on each; networks: people of each network who report on each family
    """

    products: Mapping[int, float] = field(default_factory=dict)
    families: Mapping[int, float] = field(default_factory=dict)
    networks: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    def of_network(self, network: str, family: int) -> float:
        """Return how many people of `network` are expected to report on `family`, a second.

        Told from its reports on all other families and the family's share everywhere, so that a
        ring does not make itself usual.
        """
        total, own = sum(self.families.values()), self.families.get(family, 0.0)
        others = self.networks.get(network, {}).items()
        elsewhere = sum(rate for other, rate in others if other != family)
        return elsewhere * own / (total - own) if total > own else 0.0


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


def find_rings(filed: Sequence[Filed], usual: Usual, rules: RingRules) -> list[Ring]:
    """Return the rings among `filed`, the reports of the last while."""
    burst, hour = timedelta(seconds=rules.burst_seconds), timedelta(seconds=rules.network_seconds)
    found = _Groups()
    for group in _by(filed, lambda one: one.product).values():
        surge = _surge(usual.products.get(group[0].product, 0.0) * rules.burst_seconds)
        for reports in _crowds(group, burst, max(rules.burst_accounts, surge), _account):
            found.add(reports, RingSign.SAME_PRODUCT)
    for group in _by(filed, lambda one: one.family).values():
        surge = _surge(usual.families.get(group[0].family, 0.0) * rules.burst_seconds)
        for reports in _crowds(group, burst, max(2 * rules.burst_accounts, surge), _account):
            found.add(reports, RingSign.SAME_FAMILY)
    known = [one for one in filed if one.network]
    for group in _by(known, lambda one: (one.network, one.family)).values():
        rate = usual.of_network(group[0].network, group[0].family)
        accounts = max(rules.network_accounts, _surge(rate * rules.network_seconds))
        # Who reports anonymously from one network may well be one visitor.
        for reports in _crowds(group, hour, accounts, lambda one: one.reporter):
            found.add(reports, RingSign.SAME_NETWORK)
    rings = [Ring(frozenset(reports), tuple(sorted(signs))) for reports, signs in found.groups]
    return sorted(rings, key=lambda ring: min(ring.reports))


def _surge(expected: float) -> int:
    return math.ceil(expected + _SURGE * math.sqrt(expected))


def _account(one: Filed) -> Hashable:
    """Each anonymous report counts as an account of its own."""
    return ("anonymous", one.report) if one.reporter is None else one.reporter


def _by(filed: Sequence[Filed], key: Callable[[Filed], Hashable]) -> dict[Hashable, list[Filed]]:
    groups: dict[Hashable, list[Filed]] = defaultdict(list)
    for one in sorted(filed, key=lambda one: (one.at, one.report)):
        groups[key(one)].append(one)
    return groups


def _crowds(
    group: Sequence[Filed],
    within: timedelta,
    accounts: int,
    account: Callable[[Filed], Hashable],
) -> Iterator[set[int]]:
    """Yield the reports of each window of `within` that holds `accounts` people or more."""
    first = 0
    for last, newest in enumerate(group):
        while newest.at - group[first].at > within:
            first += 1
        window = group[first : last + 1]
        if len({account(one) for one in window}) >= accounts:
            yield {one.report for one in window}
