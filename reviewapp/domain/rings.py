"""Reports that look agreed upon: bursts and rings of accounts without a record. Pure.

Three signs, each about people without a proven record: many on one product within seconds, far
more than usual in one family of categories within seconds, several from one network on one family
within the hour. Groups that share a report are one ring. A ring is held, not judged.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reviewapp.choices import RingSign

# So many standard deviations above what a family usually gets are no accident.
_SURGE = 6.0


@dataclass(frozen=True, slots=True)
class RingRules:
    """The numbers of a ReportPolicy row.

    burst_accounts within burst_seconds on one product, twice as many in one family, or
    network_accounts of one network in one family within network_seconds, are held.
    """

    burst_seconds: float = 60.0
    burst_accounts: int = 6
    network_seconds: float = 3600.0
    network_accounts: int = 4


@dataclass(frozen=True, slots=True)
class Filed:
    """One report by somebody without a proven record. network: empty when not known."""

    report: int
    reporter: int
    product: int
    family: int
    network: str
    at: datetime


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


def find_rings(filed: Sequence[Filed], usual: Mapping[int, float], rules: RingRules) -> list[Ring]:
    """Return the rings among `filed`, the reports of the last while.

    usual: for each family how many such reports a second it gets on ordinary days
    """
    burst, hour = timedelta(seconds=rules.burst_seconds), timedelta(seconds=rules.network_seconds)
    found = _Groups()
    for group in _by(filed, lambda one: one.product).values():
        for reports in _crowds(group, burst, rules.burst_accounts):
            found.add(reports, RingSign.SAME_PRODUCT)
    for group in _by(filed, lambda one: one.family).values():
        expected = usual.get(group[0].family, 0.0) * rules.burst_seconds
        surge = math.ceil(expected + _SURGE * math.sqrt(expected))
        for reports in _crowds(group, burst, max(2 * rules.burst_accounts, surge)):
            found.add(reports, RingSign.SAME_FAMILY)
    known = [one for one in filed if one.network]
    for group in _by(known, lambda one: (one.network, one.family)).values():
        for reports in _crowds(group, hour, rules.network_accounts):
            found.add(reports, RingSign.SAME_NETWORK)
    rings = [Ring(frozenset(reports), tuple(sorted(signs))) for reports, signs in found.groups]
    return sorted(rings, key=lambda ring: min(ring.reports))


def _by(filed: Sequence[Filed], key: Callable[[Filed], Hashable]) -> dict[Hashable, list[Filed]]:
    groups: dict[Hashable, list[Filed]] = defaultdict(list)
    for one in sorted(filed, key=lambda one: (one.at, one.report)):
        groups[key(one)].append(one)
    return groups


def _crowds(group: Sequence[Filed], within: timedelta, accounts: int) -> Iterator[set[int]]:
    """Yield the reports of each window of `within` that holds `accounts` people or more."""
    first = 0
    for last, newest in enumerate(group):
        while newest.at - group[first].at > within:
            first += 1
        window = group[first : last + 1]
        if len({one.reporter for one in window}) >= accounts:
            yield {one.report for one in window}
