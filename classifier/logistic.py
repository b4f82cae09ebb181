"""Multinomial logistic regression along a path of regularisation strengths.

Our own rather than scikit-learn's for four needs of small, uneven data: a fixed number of
categories even when a fold lacks one, an offset (class prior, or a model to correct), warm
starts from one strength to the next, and an exact short cut when there are fewer rows than
features. Minimises

    sum_i w_i * nll_i / sum_i w_i  +  strength / 2 * (|coef|^2 + |intercept|^2)

by L-BFGS. `strength` is thus 1 / (C * N) of scikit-learn's parametrisation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from classifier.arrays import Floats, Ints

Matrix = Any  # a dense float array or a scipy CSR matrix, (N, D)

_LARGEST_EIGEN = 2_500  # rows and columns of an eigenproblem; a second or two of work
_RANK = 1e-7  # of the largest eigenvalue; below is single-precision noise
_ITERATIONS = 300
_TOLERANCE = 1e-6  # largest gradient entry


@dataclass(frozen=True, slots=True)
class Linear:
    """coef: (D, K), intercept: (K,)."""

    coef: Floats
    intercept: Floats

    def logits(self, x: Matrix) -> Floats:
        """Return (N, K)."""
        result: Floats = np.asarray(x @ self.coef, dtype=np.float64) + self.intercept
        return result


@dataclass(frozen=True, slots=True)
class Problem:
    """x: (N, D); offset: (K,) or (N, K), added to the logits and not fitted."""

    x: Matrix
    targets: Ints
    offset: Floats
    weights: Floats | None = None


class PathFitter:
    """Fits one problem at one strength after another, each start from the last solution.

    Works in the basis of the features' principal axes where that is cheap, each axis scaled by
    the curvature to expect of it: L-BFGS then needs tens of steps instead of hundreds.
    """

    def __init__(self, problem: Problem) -> None:
        self._basis = _principal_axes(problem.x)
        self._x, self._spread = self._basis.x, self._basis.spread
        self._targets = problem.targets
        self._offset = problem.offset.astype(np.float32)
        rows, categories = len(problem.targets), problem.offset.shape[-1]
        weights = np.ones(rows) if problem.weights is None else problem.weights
        self._weights = (weights / weights.sum()).astype(np.float32)
        self._solution = np.zeros((len(self._spread) + 1, categories))

    def fit(self, strength: float) -> Linear:
        """Return the minimum at `strength`; raises ArithmeticError when features are not finite."""
        self._solve(strength)
        return Linear(self._basis.restore(self._solution[:-1]), self._solution[-1].copy())

    def project(self, x: Matrix) -> Matrix:
        """Return other rows' features in the fitter's basis, for `logits_at`."""
        return self._basis.project(x)

    def logits_at(self, strength: float, projected: Matrix) -> Floats:
        """Return the logits (N, K) of projected rows, without the offset.

        The same as `fit(strength).logits(x)`, without building (D, K) coefficients.
        """
        self._solve(strength)
        return Linear(self._solution[:-1], self._solution[-1]).logits(projected)

    def _solve(self, strength: float) -> None:
        # The curvature of the mean log-loss along an axis is at most its spread over 2, and
        # about its spread over K while answers are still even.
        curvature = self._spread / self._solution.shape[1] + strength
        scale = 1 / np.sqrt(np.append(curvature, 1 / self._solution.shape[1] + strength))
        answer = minimize(
            self._loss,
            (self._solution / scale[:, None]).ravel(),
            args=(scale, strength),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _ITERATIONS, "gtol": _TOLERANCE, "ftol": 1e-7, "maxcor": 10},
        )
        if not np.isfinite(answer.fun):
            raise ArithmeticError("Logistic regression diverged: the features are not finite.")
        self._solution = answer.x.reshape(self._solution.shape) * scale[:, None]

    def _loss(self, flat: Floats, scale: Floats, strength: float) -> tuple[float, Floats]:
        full = flat.reshape(self._solution.shape) * scale[:, None]
        single = full.astype(np.float32)
        logits = self._x @ single[:-1]
        logits += self._offset + single[-1]
        logits -= logits.max(axis=1, keepdims=True)
        proba = np.exp(logits)
        total = proba.sum(axis=1, keepdims=True)
        rows = np.arange(len(self._targets))
        picked = logits[rows, self._targets] - np.log(total[:, 0])
        proba /= total
        proba[rows, self._targets] -= 1.0
        proba *= self._weights[:, None]
        gradient = np.empty_like(full)
        gradient[:-1] = self._x.T @ proba
        gradient[-1] = proba.sum(axis=0)
        gradient += strength * full
        loss = -float(self._weights @ picked) + strength / 2 * float((full**2).sum())
        return loss, (gradient * scale[:, None]).ravel()


@dataclass(frozen=True, slots=True)
class _Basis:
    """x: features in the basis (N, R); spread: mean square of each column (R,)."""

    x: Matrix
    spread: Floats
    restore: Callable[[Floats], Floats]  # coefficients (R, K) in the basis -> (D, K)
    project: Callable[[Matrix], Matrix]  # features (M, D) -> (M, R)


def _principal_axes(x: Matrix) -> _Basis:
    """Return the features along their principal axes, or as they are where that is not cheap.

    With x = U S V' and fewer rows than features, fitting U S is the same problem with N instead
    of D columns, because the penalised optimum lies in the span of the rows.
    """
    rows, columns = x.shape
    is_sparse = sparse.issparse(x)
    if rows <= min(columns, _LARGEST_EIGEN):
        values, vectors = np.linalg.eigh(_dense(x @ x.T))
        keep = values > values[-1] * _RANK
        lengths = np.sqrt(values[keep])
        rotated = (vectors[:, keep] * lengths).astype(np.float32)
        dual = vectors[:, keep] / lengths
        return _Basis(
            rotated,
            values[keep] / rows,
            restore=lambda coef: np.asarray(x.T @ (dual @ coef)),
            project=lambda other: _dense(other @ x.T) @ dual,
        )
    if not is_sparse and columns <= _LARGEST_EIGEN:
        values, axes = np.linalg.eigh(np.asarray(x.T @ x, dtype=np.float64))
        rotated = (x @ axes).astype(np.float32)
        return _Basis(
            rotated,
            np.maximum(values, 0.0) / rows,
            restore=lambda coef: np.asarray(axes @ coef),
            project=lambda other: other @ axes,
        )
    square = x.multiply(x) if is_sparse else np.square(x)
    spread = np.asarray(square.sum(axis=0), dtype=np.float64).ravel() / rows
    return _Basis(x.astype(np.float32), spread, restore=np.copy, project=lambda other: other)


def _dense(x: Matrix) -> Floats:
    return np.asarray(x.toarray() if sparse.issparse(x) else x, dtype=np.float64)


def standardise(x: npt.NDArray[Any], weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Return shift and scale (D,) such that (x - shift) * scale has unit rows on average.

    Each feature gets mean 0 and variance 1 / D, so that one grid of strengths serves encoders
    of any width. Constant features are switched off.
    """
    values = np.asarray(x, dtype=np.float64)
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    known = deviation > 1e-8 * max(float(deviation.max(initial=0.0)), 1e-12)
    scale = np.zeros_like(deviation)
    scale[known] = 1.0 / (deviation[known] * np.sqrt(len(deviation)))
    return mean, scale
