"""Calibration of log-probabilities: temperature and vector scaling, fitted by log-loss.

Temperature scaling divides the logits by one number; it cannot change the answer and cannot
over-fit (Guo et al., ICML 2017). Vector scaling also gives each category a factor and a bias;
it is shrunk towards temperature scaling and taken only where grouped cross-validation says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from classifier.arrays import Floats, Ints, log_softmax, mean_nll

# Sharper than 5x or flatter than 50x is no calibration but a broken model; the bounds also keep
# a handful of all-right rows from asking for certainty.
_LOG_BOUNDS: Final = (float(np.log(0.02)), float(np.log(5.0)))
_SHRINKAGE: Final = 10.0  # in rows: vector scaling's prior counts like this many products
_PRIOR_ROWS: Final = 2.0  # in rows: how much the belief in temperature 1 counts
_GROUPS_PER_CATEGORY: Final = 20  # fewer than this cannot teach a category its own factor


@dataclass(frozen=True)
class Calibrator:
    """scale, bias: (K,), applied as log_softmax(log_proba * scale + bias)."""

    scale: Floats
    bias: Floats

    def apply(self, log_proba: Floats) -> Floats:
        """Return calibrated log-probabilities (N, K)."""
        return log_softmax(log_proba * self.scale + self.bias)

    def sharpened(self, factor: float) -> Calibrator:
        """Return this calibration followed by a temperature of 1 / factor."""
        return Calibrator(self.scale * factor, self.bias * factor)

    @property
    def is_temperature(self) -> bool:
        return bool(np.ptp(self.scale) == 0 and not self.bias.any())

    @property
    def temperature(self) -> float:
        """Mean temperature; above 1 means that the model was over-confident."""
        return float(1 / self.scale.mean())

    @classmethod
    def identity(cls, categories: int) -> Calibrator:
        return cls(np.ones(categories), np.zeros(categories))


def fit_inverse_temperature(
    log_proba: Floats, targets: Ints, weights: Floats | None = None
) -> float:
    """Return the factor on the log-probabilities that minimises the log-loss, 0.02 to 5."""

    # Twenty answers that happen to be all right are no reason for near certainty.
    pull = _PRIOR_ROWS / len(targets)

    def loss(log_factor: float) -> float:
        scaled = log_softmax(log_proba * np.exp(log_factor))
        return mean_nll(scaled, targets, weights) + pull * log_factor**2

    best = minimize_scalar(loss, bounds=_LOG_BOUNDS, method="bounded", options={"xatol": 1e-4})
    return float(np.exp(best.x))


def fit_temperature(log_proba: Floats, targets: Ints, weights: Floats | None = None) -> Calibrator:
    """Return temperature scaling fitted on held-out rows."""
    categories = log_proba.shape[1]
    factor = fit_inverse_temperature(log_proba, targets, weights)
    return Calibrator(np.full(categories, factor), np.zeros(categories))


def fit_vector(log_proba: Floats, targets: Ints, weights: Floats | None = None) -> Calibrator:
    """Return vector scaling fitted on held-out rows, shrunk towards temperature scaling."""
    start = fit_temperature(log_proba, targets, weights)
    rows, categories = log_proba.shape
    share = (np.ones(rows) if weights is None else weights) / (
        rows if weights is None else weights.sum()
    )
    penalty = _SHRINKAGE / rows

    def loss(flat: Floats) -> tuple[float, Floats]:
        change, bias = flat.reshape(2, categories)
        scaled = log_softmax(log_proba * (start.scale + change) + bias)
        residual = np.exp(scaled)
        residual[np.arange(rows), targets] -= 1.0
        residual *= share[:, None]
        gradient = np.concatenate([(residual * log_proba).sum(axis=0), residual.sum(axis=0)])
        value = mean_nll(scaled, targets, weights) + penalty / 2 * float(flat @ flat)
        return value, gradient + penalty * flat

    answer = minimize(loss, np.zeros(2 * categories), jac=True, method="L-BFGS-B")
    change, bias = answer.x.reshape(2, categories)
    return Calibrator(np.maximum(start.scale + change, np.exp(_LOG_BOUNDS[0])), bias)


def fit_calibrator(
    log_proba: Floats,
    targets: Ints,
    folds: Ints,
    groups: int,
    weights: Floats | None = None,
) -> Calibrator:
    """Return vector scaling where grouped cross-validation prefers it, else temperature scaling.

    folds: (N,), rows of one group in one fold; groups: how many there are, because photos of
    one product teach no more than one
    """
    if groups < _GROUPS_PER_CATEGORY * log_proba.shape[1]:
        return fit_temperature(log_proba, targets, weights)
    losses = np.zeros(2)
    for fold in np.unique(folds):
        inside, outside = folds == fold, folds != fold
        used = None if weights is None else weights[outside]
        total = inside.sum() if weights is None else weights[inside].sum()
        for index, fit in enumerate((fit_temperature, fit_vector)):
            answers = fit(log_proba[outside], targets[outside], used).apply(log_proba[inside])
            held = None if weights is None else weights[inside]
            losses[index] += mean_nll(answers, targets[inside], held) * float(total)
    fit = fit_vector if losses[1] < losses[0] else fit_temperature
    return fit(log_proba, targets, weights)
