"""One temperature per pattern of inputs for a fitted fusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import brentq

from classifier.arrays import Bools, Floats, Ints, log_softmax
from classifier.calibration import fit_inverse_temperature
from classifier.fusion import PATTERNS, Answers, Fusion, Pattern

_LEAST_ROWS: Final = 30  # a pattern's temperature from fewer rows is noise: it keeps 1


@dataclass(frozen=True)
class PatternLogits:
    """A fusion's logits for N rows under every pattern: each input also removed.

    logits: (P, N, K), zeros where impossible; possible: (P, N), the rows that have the inputs
    """

    logits: Floats
    possible: Bools

    @classmethod
    def of(cls, fusion: Fusion, answers: Answers) -> PatternLogits:
        """Return the logits of `fusion` for rows that it was not fitted on."""
        result = cls.empty(*answers.log_proba.shape[1:])
        for index, pattern in enumerate(PATTERNS):
            logits, patterns = fusion.logits(answers.keep(pattern))
            possible = patterns == index
            result.logits[index, possible] = logits[possible]
            result.possible[index] = possible
        return result

    @classmethod
    def empty(cls, rows: int, categories: int) -> PatternLogits:
        shape = (len(PATTERNS), rows)
        return cls(np.zeros((*shape, categories)), np.zeros(shape, dtype=np.bool_))

    def put(self, rows: Ints, other: PatternLogits) -> None:
        """Write `other` over the rows at `rows`."""
        self.logits[:, rows] = other.logits
        self.possible[:, rows] = other.possible

    def followed_by(self, other: PatternLogits) -> PatternLogits:
        """Return the rows of both."""
        return PatternLogits(
            np.concatenate([self.logits, other.logits], axis=1),
            np.concatenate([self.possible, other.possible], axis=1),
        )


def fit_temperatures(
    fusion: Fusion, held: PatternLogits, targets: Ints, weights: Floats | None = None
) -> Fusion:
    """Return the fusion with one temperature per pattern, as `temperatures` finds them."""
    return fusion.with_temperature(temperatures(held, targets, weights))


def temperatures(held: PatternLogits, targets: Ints, weights: Floats | None = None) -> Floats:
    """Return one inverse temperature per pattern (P,).

    held: logits for rows that the fusion was not fitted on; on its own rows it looks surer than
    it will be right
    A pattern with fewer than 30 rows keeps temperature 1. Mean confidence without an input is
    then capped at that with it, on the rows that have both.
    """
    rows = np.ones(len(targets)) if weights is None else weights
    inverse = np.ones(len(PATTERNS))
    for index in range(len(PATTERNS)):
        own = held.possible[index]
        if own.sum() >= _LEAST_ROWS:
            inverse[index] = fit_inverse_temperature(
                held.logits[index, own], targets[own], rows[own]
            )
    return _capped(held, inverse, rows)


def _capped(held: PatternLogits, inverse: Floats, weights: Floats) -> Floats:
    """Lower single-input confidences until none exceeds the mean confidence with both inputs."""
    both = held.possible[PATTERNS.index(Pattern.BOTH)]
    if not both.any():
        return inverse
    result = inverse.copy()
    logits, own_weights = held.logits[:, both], weights[both]
    ceiling = _mean_confidence(logits[0], inverse[0], own_weights)
    for index in range(1, len(PATTERNS)):

        def excess(factor: float, index: int = index) -> float:
            return _mean_confidence(logits[index], factor, own_weights) - ceiling

        if excess(inverse[index]) > 0:
            # At factor 0 every answer is uniform, so the excess changes sign in between.
            result[index] = brentq(excess, 0.0, inverse[index], xtol=1e-4)
    return result


def _mean_confidence(logits: Floats, factor: float, weights: Floats) -> float:
    confidence = np.exp(log_softmax(logits * factor).max(axis=1))
    return float(np.average(confidence, weights=weights))
