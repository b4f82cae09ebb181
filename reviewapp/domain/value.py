"""What routing as it was is worth, against people alone and against a flat threshold. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class Routed:
    """Products of a period. audited: of the listed ones, drawn for a person."""

    listed: int
    reviewed: int
    audited: int

    @property
    def all(self) -> int:
        return self.listed + self.reviewed


@dataclass(frozen=True, slots=True)
class Shares:
    """What audits and reviews say; shares of listed or of reviewed products, with intervals.

    error: wrong among listed. listed_above, reviewed_above: with the flat threshold's confidence
    below_wrong: of listed, wrong and below it; above_wrong: of reviewed, FUSION wrong and above it
    """

    error: Interval
    listed_above: float
    below_wrong: Interval
    reviewed_above: float
    above_wrong: Interval


@dataclass(frozen=True, slots=True)
class Way:
    """A way of routing the period's products. wrong: wrong automatic listings, as a number."""

    listings: float
    wrong: Interval
    minutes: float
    money: Interval


def as_routed(routed: Routed, shares: Shares, costs: Costs, damage: float) -> Way:
    """Return what was. damage: what a wrong listing costs on average."""
    return _way(routed, routed.listed, _times(shares.error, routed.listed), costs, damage)


def by_people(routed: Routed, costs: Costs, damage: float) -> Way:
    """Return what it would take with nothing listed by itself."""
    return _way(routed, 0, Interval(0.0, 0.0, 0.0, routed.all), costs, damage)


def flat(routed: Routed, shares: Shares, costs: Costs, damage: float) -> Way:
    """Return what a flat threshold would have done; its interval takes each bound at its worst."""
    listings = routed.listed * shares.listed_above + routed.reviewed * shares.reviewed_above
    own, less = _times(shares.error, routed.listed), _times(shares.below_wrong, routed.listed)
    more = _times(shares.above_wrong, routed.reviewed)
    wrong = Interval(
        max(own.value - less.value, 0.0) + more.value,
        max(own.low - less.high, 0.0) + more.low,
        max(own.high - less.low, 0.0) + more.high,
        own.sample,
    )
    return _way(routed, listings, wrong, costs, damage)


def _way(routed: Routed, listings: float, wrong: Interval, costs: Costs, damage: float) -> Way:
    reviews = routed.all - listings
    audits = listings * routed.audited / routed.listed if routed.listed else 0.0
    # An audit is work, but no wait: the product stays listed.
    audit = costs.review_minute * costs.review_seconds / 60
    work = reviews * (costs.review + costs.moderator_error * damage) + audits * audit
    money = Interval(
        work + wrong.value * damage,
        work + wrong.low * damage,
        work + wrong.high * damage,
        wrong.sample,
    )
    return Way(listings, wrong, (reviews + audits) * costs.review_seconds / 60, money)


def _times(one: Interval, count: int) -> Interval:
    return Interval(one.value * count, one.low * count, one.high * count, one.sample)
