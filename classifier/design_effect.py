"""How much less a sample says because near duplicates are right or wrong together.

Shapes: N = products. groups: (N,) small numbers >= 0 that near duplicates share, or None when each
product stands for itself.
"""

from __future__ import annotations

import numpy as np

from classifier.arrays import Bools, Floats, Ints


def design_effect(hits: Bools, groups: Ints | None) -> float:
    """Return how many products of the sample say as much about the share of `hits` (N,) as one
    independent product would, in 1..N.

    The larger of two: near duplicates always hit together (L. Kish, Survey Sampling, 1965), and the
    spread that the groups have shown, which is larger where large groups hit more often.
    """
    if groups is None or not len(hits):
        return 1.0
    sizes = np.bincount(groups).astype(np.float64)
    worst = float((sizes**2).sum()) / len(hits)
    rate = float(hits.mean())
    if worst == 1 or not 0 < rate < 1:
        return worst
    apart = np.bincount(groups, weights=hits) - rate * sizes
    seen = float((apart**2).sum()) / (len(hits) * rate * (1 - rate))
    return min(max(worst, seen), float(len(hits)))


def worst_effects(groups: Ints | None, size: int) -> Floats:
    """Return the design effect of the first 1, 2, ... `size` products (size,) if near duplicates
    always hit together."""
    if groups is None:
        return np.ones(size)
    order = np.argsort(groups, kind="stable")
    begins = np.flatnonzero(np.diff(groups[order], prepend=groups[order[:1]] - 1))
    before = np.empty(size)  # near duplicates of each product that come before it
    before[order] = np.arange(size) - np.repeat(begins, np.diff(begins, append=size))
    # A group that grows from n to n + 1 adds 2 n + 1 to the sum of squares.
    effects: Floats = np.cumsum(2 * before + 1) / np.arange(1, size + 1)
    return effects
