"""How far a model's confidence is to be trusted, by products whose category is known. Pure.

A model is calibrated on what it learned from. Where those labels were wrong, or products have changed,
it is surer or less sure than it is right, and a threshold of least cost on its confidence costs more
than it need. Shapes: N = products.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

# Certainty has no odds.
_EDGE: Final = 1e-9
# A single error of an answer that was all but certain must not decide the slope.
_SUREST: Final = math.log(9_999)
# Before any product is known, confidences are taken as they are, give or take a quarter of the slope
# and a factor of 2 in the odds: some 20 products outweigh that.
_PRECISION: Final = np.diag([1 / 0.25**2, 1 / 0.7**2])
_AS_IT_IS: Final = np.array([1.0, 0.0])
_STEPS: Final = 25

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Trust:
    """The log-odds of being right are slope x those of the confidence + shift.

    J. Platt, Probabilistic outputs for support vector machines, 1999. covariance: (2, 2) of slope
    and shift
    """

    slope: float
    shift: float
    covariance: Floats

    def right(self, confidence: Floats) -> Floats:
        """Return how likely answers with this confidence (N,) are right (N,)."""
        chances: Floats = expit(self.slope * _bounded(confidence) + self.shift)
        return chances

    def confidence_for(self, right: float) -> float:
        """Return the confidence from which answers are right with probability `right`, all 0..1."""
        if not 0 < right < 1:
            return right
        return float(expit((math.log(right / (1 - right)) - self.shift) / self.slope))

    def spread(self, confidence: Floats, weights: Floats) -> float:
        """Return the variance of sum(weights x right(confidence)) (N,) for the few products that
        slope and shift were learned from."""
        right = self.right(confidence)
        pull = weights * right * (1 - right)
        slopes = np.array([float((pull * _bounded(confidence)).sum()), float(pull.sum())])
        return float(slopes @ self.covariance @ slopes)


AS_THEY_ARE: Final = Trust(1.0, 0.0, np.zeros((2, 2)))


def learned(confidence: Floats, is_right: Bools, duplicates: Ints | None) -> Trust:
    """Return the trust that products with known category (N,) teach; with none, confidences as they are.

    The most likely slope and shift where both were near 1 and 0 to begin with; their covariance holds
    for near duplicates that are wrong together (Liang and Zeger, as in `clusters.mean`).
    """
    points = np.column_stack([_bounded(confidence), np.ones(len(confidence))])
    found = _AS_IT_IS
    for _step in range(_STEPS):
        right = expit(points @ found)
        pull = points.T @ (is_right - right) - _PRECISION @ (found - _AS_IT_IS)
        bend = (points * (right * (1 - right))[:, None]).T @ points + _PRECISION
        step = np.linalg.solve(bend, pull)
        found = found + step
        if float(np.abs(step).max()) < 1e-9:
            break
    inverse = np.linalg.inv(bend)
    scores = points * (is_right - expit(points @ found))[:, None]
    spread = _grouped(scores, duplicates)
    return Trust(
        slope=max(float(found[0]), 0.05),
        shift=float(found[1]),
        covariance=inverse @ (spread.T @ spread + _PRECISION) @ inverse,
    )


def log_odds(probability: Floats) -> Floats:
    """Return the log-odds of probabilities (N,); those of certainty are finite."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    result: Floats = np.log(inside / (1 - inside))
    return result


def _bounded(confidence: Floats) -> Floats:
    return np.asarray(np.clip(log_odds(confidence), -_SUREST, _SUREST))


def _grouped(scores: Floats, duplicates: Ints | None) -> Floats:
    """Return the sums over groups of near duplicates, one row each."""
    if duplicates is None:
        return scores
    columns = [np.bincount(duplicates, weights=column) for column in scores.T]
    return np.column_stack(columns)
