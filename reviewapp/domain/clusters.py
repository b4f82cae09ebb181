"""Means over products of which near duplicates are right or wrong together. Pure.

Shapes: N = products. duplicates: (N,) the near-duplicate group of each, a small number >= 0, or None
when each product stands for itself.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from classifier.design_effect import design_effect
from reviewapp.domain import intervals
from reviewapp.domain.intervals import Z_95, Interval

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def mean(values: Floats, duplicates: Ints | None) -> Interval:
    """Return the mean of values >= 0 (N,), N >= 1, with its 95 % interval.

    The variance is that of the groups' sums, with Student's t for their number: K.-Y. Liang,
    S. Zeger, Longitudinal data analysis using generalized linear models, Biometrika 73, 1986. Of a
    single group no spread is known.
    """
    value = float(values.mean())
    half = quantile(duplicates, len(values)) * math.sqrt(variance(values - value, duplicates))
    return Interval(value, max(value - half, 0.0), value + half, len(values))


def variance(deviations: Floats, duplicates: Ints | None) -> float:
    """Return the variance of the mean of values by their deviations from it (N,)."""
    sums = _sums(deviations, duplicates)
    if len(sums) < 2:
        return 0.0
    return float((sums**2).sum()) * len(sums) / (len(sums) - 1) / len(deviations) ** 2


def quantile(duplicates: Ints | None, size: int) -> float:
    """Return Student's t of a 95 % interval for the number of groups among `size` products."""
    groups = size if duplicates is None else int(np.count_nonzero(np.bincount(duplicates)))
    return _student(groups - 1) if groups > 1 else Z_95


# A page asks it for dozens of policies on one sample.
@lru_cache(maxsize=64)
def _student(degrees: int) -> float:
    return float(stats.t.ppf(0.975, degrees))


def share(hits: Bools, duplicates: Ints | None) -> Interval:
    """Return the share of `hits` (N,), N >= 1, with Wilson's interval for as many products as N near
    duplicates are worth (`design_effect`)."""
    effect = design_effect(hits, duplicates)
    found = intervals.share(float(hits.sum()) / effect, len(hits) / effect)
    return replace(found, sample=len(hits))


def _sums(values: Floats, duplicates: Ints | None) -> Floats:
    if duplicates is None:
        return values
    of_number = np.bincount(duplicates, weights=values)
    return np.asarray(of_number[np.bincount(duplicates) > 0], dtype=np.float64)
