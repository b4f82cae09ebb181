"""Intervals for shares: a number about people never stands without one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Self

# Two-sided 95 %, and one-sided 95 %.
Z_95 = 1.959964
Z_95_ONE_SIDED = 1.644854


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its lower and upper bound, and the number of observations behind it."""

    value: float
    low: float
    high: float
    sample: int

    def times(self, factor: float) -> Self:
        """Return the same in another unit; factor >= 0."""
        return replace(
            self, value=self.value * factor, low=self.low * factor, high=self.high * factor
        )


def share(hits: float, sample: float, z: float = Z_95) -> Interval:
    """Return `hits` of `sample` with Wilson's score interval (JASA 22, 1927).

    Raises ValueError without observations.
    """
    if sample < 1 or not 0 <= hits <= sample:
        raise ValueError(f"{hits} of {sample} is no share")
    value = hits / sample
    scale = 1 + z * z / sample
    centre = (value + z * z / (2 * sample)) / scale
    half = z * sqrt(value * (1 - value) / sample + z * z / (4 * sample * sample)) / scale
    return Interval(value, max(0.0, centre - half), min(1.0, centre + half), int(sample))


def difference(first: Interval, second: Interval) -> Interval:
    """Return first - second of two independent shares, in [-1, 1]; `sample` is the smaller one.

    Newcombe's hybrid of the two score intervals (Statistics in Medicine 17, 1998, method 10).
    """
    value = first.value - second.value
    below = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    above = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    sample = min(first.sample, second.sample)
    return Interval(value, max(-1.0, value - below), min(1.0, value + above), sample)


@dataclass(frozen=True, slots=True)
class Stratum:
    """Two samples of one kind of case: hits of so many, in each."""

    hits: int
    seen: int
    other_hits: int
    other_seen: int


def stratified_difference(strata: Sequence[Stratum]) -> Interval | None:
    """Return how much more often the first sample hits than the other one, case by equal case.

    Mantel-Haenszel's common risk difference, which differing mixes of cases cannot move: a stratum
    that only one sample has says nothing. `sample` is the smaller one of what is left; None when
    nothing is. Interval: B. Klingenberg, A new and improved confidence interval for the
    Mantel-Haenszel risk difference, Statistics in Medicine 33, 2014, on T. Sato's variance
    (Biometrics 45, 1989), which holds for many small strata too.
    """
    both = [one for one in strata if one.seen and one.other_seen]
    if not both:
        return None
    hits, seen = sum(one.hits for one in both), sum(one.seen for one in both)
    other_hits, other_seen = (
        sum(one.other_hits for one in both),
        sum(one.other_seen for one in both),
    )
    if hits in (0, seen) and other_hits in (0, other_seen):
        # Without any variation the interval would have no width.
        return difference(share(hits, seen), share(other_hits, other_seen))
    weight = sum(one.seen * one.other_seen / (one.seen + one.other_seen) for one in both)
    value = sum(_weighted(one) for one in both) / weight
    slope, base = (Z_95**2 * sum(part) / weight**2 for part in zip(*map(_sato, both), strict=True))
    middle = value + slope / 2
    half = sqrt(max(0.0, middle**2 - value**2 + base))
    low, high = min(middle - half, value), max(middle + half, value)
    return Interval(value, max(-1.0, low), min(1.0, high), min(seen, other_seen))


def _weighted(one: Stratum) -> float:
    return (one.hits * one.other_seen - one.other_hits * one.seen) / (one.seen + one.other_seen)


def _sato(one: Stratum) -> tuple[float, float]:
    """Return what a stratum adds to the variance: for each unit of the difference, and at none."""
    n, m, total = one.seen, one.other_seen, one.seen + one.other_seen
    slope = (n * n * one.other_hits - m * m * one.hits + n * m * (m - n) / 2) / total**2
    base = (one.hits * (m - one.other_hits) + one.other_hits * (n - one.hits)) / (2 * total)
    return slope, base
