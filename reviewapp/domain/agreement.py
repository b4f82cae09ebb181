"""Krippendorff's alpha: how far people agree beyond chance, overall and per category."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reviewapp.domain.intervals import Interval, share

Floats = NDArray[np.float64]

REPLICATES = 1000
# Resampled units are drawn in portions, so that 50,000 of them still fit into 50 MB.
_PORTION_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Agreement:
    """Alpha with a bootstrap interval overall and per category; None where it is undefined.

    A category's alpha asks "this one or another"; its sample counts the units in which somebody
    chose it.
    """

    overall: Interval | None
    by_category: dict[int, Interval | None]


@dataclass(frozen=True, slots=True)
class _Units:
    """Per unit (rows) what alpha is made of; categories are the columns.

    counts: answers; apart: pairs that differ, by category and overall, each divided by answers - 1
    """

    codes: list[int]
    counts: Floats
    apart: Floats
    apart_by_category: Floats


def krippendorff_alpha(
    units: Sequence[Sequence[int]], *, seed: int, replicates: int = REPLICATES
) -> Agreement:
    """Return nominal alpha of units, each the categories that different people gave it.

    Units with a single answer say nothing and are left out. The 95 % interval is the percentile
    bootstrap over units; where nobody differs it would have no width, so there the lower bound
    comes from the upper score bound of the share of units in which people differ.
    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
    """
    paired = [unit for unit in units if len(unit) > 1]
    if not paired:
        return Agreement(None, {})
    table = _tabulate(paired)
    weights = np.ones((1, len(paired)))
    overall, by_category = _alphas(table, weights)
    drawn, drawn_by_category = _resampled(table, seed, replicates)
    held = (table.counts > 0).sum(axis=0)
    return Agreement(
        _interval(float(overall[0]), drawn, len(paired), table.apart),
        {
            code: _interval(
                float(by_category[0, column]),
                drawn_by_category[:, column],
                int(held[column]),
                table.apart_by_category[:, column],
            )
            for column, code in enumerate(table.codes)
        },
    )


def _tabulate(units: list[Sequence[int]]) -> _Units:
    codes = sorted({code for unit in units for code in unit})
    column = {code: number for number, code in enumerate(codes)}
    counts = np.zeros((len(units), len(codes)))
    for row, unit in enumerate(units):
        for code in unit:
            counts[row, column[code]] += 1
    size = counts.sum(axis=1)
    apart = (size**2 - (counts**2).sum(axis=1)) / (size - 1)
    apart_by_category = 2 * counts * (size[:, None] - counts) / (size - 1)[:, None]
    return _Units(codes, counts, apart, apart_by_category)


def _alphas(table: _Units, weights: Floats) -> tuple[Floats, Floats]:
    """Return alpha, and alpha per category, for each row of unit weights; NaN where undefined."""
    totals = weights @ table.counts
    size = totals.sum(axis=1)
    expected = size**2 - (totals**2).sum(axis=1)
    expected_by_category = 2 * totals * (size[:, None] - totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        overall = 1 - (size - 1) * (weights @ table.apart) / expected
        by_category = (
            1 - (size - 1)[:, None] * (weights @ table.apart_by_category) / expected_by_category
        )
    return (
        np.where(expected > 0, overall, np.nan),
        np.where(expected_by_category > 0, by_category, np.nan),
    )


def _resampled(table: _Units, seed: int, replicates: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    units = len(table.counts)
    portion = max(1, _PORTION_CELLS // units)
    parts = []
    for start in range(0, replicates, portion):
        rows = min(portion, replicates - start)
        drawn = generator.multinomial(units, np.full(units, 1 / units), size=rows)
        parts.append(_alphas(table, drawn.astype(np.float64)))
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _interval(value: float, drawn: Floats, sample: int, apart: Floats) -> Interval | None:
    if np.isnan(value):
        return None
    defined = drawn[~np.isnan(drawn)]
    low, high = (float(edge) for edge in np.quantile(defined, [0.025, 0.975]))
    if not apart.any():
        low = 1 - share(0, sample).high
    return Interval(value, min(low, value), max(high, value), sample)
