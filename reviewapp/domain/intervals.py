"""Intervals for shares: a number about people never stands without one."""

from dataclasses import dataclass
from math import sqrt

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


def share(hits: float, sample: int, z: float = Z_95) -> Interval:
    """Return `hits` of `sample` with Wilson's score interval (JASA 22, 1927).

    Raises ValueError without observations.
    """
    if sample < 1 or not 0 <= hits <= sample:
        raise ValueError(f"{hits} of {sample} is no share")
    value = hits / sample
    scale = 1 + z * z / sample
    centre = (value + z * z / (2 * sample)) / scale
    half = z * sqrt(value * (1 - value) / sample + z * z / (4 * sample * sample)) / scale
    return Interval(value, max(0.0, centre - half), min(1.0, centre + half), sample)


def difference(first: Interval, second: Interval) -> Interval:
    """Return first - second of two independent shares, in [-1, 1]; `sample` is the smaller one.

    Newcombe's hybrid of the two score intervals (Statistics in Medicine 17, 1998, method 10).
    """
    value = first.value - second.value
    below = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    above = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    sample = min(first.sample, second.sample)
    return Interval(value, max(-1.0, value - below), min(1.0, value + above), sample)
