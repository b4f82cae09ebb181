"""Measures of a classifier's answers, with bootstrap intervals that respect groups.

Shapes: N = rows, K = categories, G = groups, B = bootstrap samples. Every measure is written
for row weights, so that one bootstrap sample is just one weight vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from classifier.arrays import Bools, Floats, Ints, mean_nll

BINS: Final = 15
Average = Literal["macro", "weighted"]
Measure = Callable[[Floats], Floats]  # row weights (B, N) -> values (B,)


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its bootstrap interval."""

    value: float
    low: float
    high: float


def accuracy(is_right: Bools, weights: Floats) -> Floats:
    """weights: (B, N); returns (B,)."""
    result: Floats = weights @ is_right.astype(np.float64) / weights.sum(axis=1)
    return result


def f1_scores(
    predicted: Ints, targets: Ints, categories: int, weights: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return F1, true rows and predicted rows per category, each (B, K).

    F1 of a category that is neither true nor predicted is 0 and must be left out of means.
    """
    true = _one_hot(targets, categories)
    said = _one_hot(predicted, categories)
    support, claimed = weights @ true, weights @ said
    hits = weights @ (true * said)
    total = support + claimed
    scores = np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)
    return scores, support, claimed


def f1(
    predicted: Ints, targets: Ints, categories: int, average: Average, weights: Floats
) -> Floats:
    """Return the mean F1 (B,) over categories that are true or predicted in the sample."""
    scores, support, claimed = f1_scores(predicted, targets, categories, weights)
    share = support if average == "weighted" else (support + claimed > 0).astype(np.float64)
    result: Floats = (scores * share).sum(axis=1) / share.sum(axis=1)
    return result


def expected_calibration_error(
    confidence: Floats,
    is_right: Bools,
    weights: Floats | None = None,
    *,
    bins: int = BINS,
    equal_mass: bool = False,
) -> Floats:
    """Return top-label ECE (B,): mean |confidence - accuracy| over bins, weighted by rows.

    Bins have equal width in [0, 1], or equal numbers of rows (Naeini et al., AAAI 2015; Guo et
    al., ICML 2017; Nixon et al., 2019). Biased upwards on few rows: compare only at equal N.
    """
    if weights is None:
        weights = np.ones((1, len(confidence)))
    if equal_mass:
        ranks = np.argsort(np.argsort(confidence, kind="stable"), kind="stable")
        place = ranks * bins // len(confidence)
    else:
        # A confidence on a border belongs to the bin below it, 1.0 to the last.
        place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = _one_hot(place, bins) * (confidence - is_right)[:, None]
    result: Floats = np.abs(weights @ gap).sum(axis=1) / weights.sum(axis=1)
    return result


def brier(log_proba: Floats, targets: Ints) -> float:
    """Return the multi-class Brier score, 0 (best) to 2 (Brier 1950)."""
    error = np.exp(log_proba) - _one_hot(targets, log_proba.shape[1])
    return float((error**2).sum(axis=1).mean())


def nll(log_proba: Floats, targets: Ints) -> float:
    """Return the mean negative log-likelihood in nats."""
    return mean_nll(log_proba, targets)


def bootstrap(
    measure: Measure, groups: Sequence[str], *, samples: int, seed: int, level: float = 0.95
) -> Interval:
    """Return `measure` on all rows with its percentile interval over resampled groups.

    Whole groups are drawn with replacement: photos of one product are not independent, and
    drawing rows would make the interval too narrow (Field & Welsh, JRSS B 2007).
    """
    _, of_row = np.unique(np.asarray(groups), return_inverse=True)
    count = int(of_row.max()) + 1
    value = float(measure(np.ones((1, len(of_row))))[0])
    generator = np.random.default_rng(seed)
    values = []
    for start in range(0, samples, _CHUNK):
        size = min(_CHUNK, samples - start)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=size)
        values.append(measure(drawn[:, of_row].astype(np.float64)))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(values), [tail, 1 - tail])
    return Interval(value, float(low), float(high))


_CHUNK: Final = 50  # samples at a time: bounds the (B, N) weights on large test sets


def _one_hot(columns: Ints, width: int) -> Floats:
    result = np.zeros((len(columns), width))
    result[np.arange(len(columns)), columns] = 1.0
    return result
