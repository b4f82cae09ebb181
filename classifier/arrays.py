"""Array types and the few numerical helpers that every part of the classifier shares.

Shapes used throughout: N = rows, K = categories, D = features. Probabilities are float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]

LOG_FLOOR = -30.0
"""Smallest log-probability kept: log-loss stays finite however sure a model was."""


def log_softmax(logits: Floats) -> Floats:
    """Return log-probabilities (N, K), never below `LOG_FLOOR`."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.maximum(result, LOG_FLOOR)


def log_prior(targets: Ints, categories: int, weights: Floats | None = None) -> Floats:
    """Return log shares (K,) of the categories, each counted once more than seen.

    A category without a row in a fold thus keeps a small probability instead of none.
    """
    counts = np.bincount(targets, weights=weights, minlength=categories) + 1.0
    result: Floats = np.log(counts / counts.sum())
    return result


def mean_nll(log_proba: Floats, targets: Ints, weights: Floats | None = None) -> float:
    """Return the (weighted) mean negative log-likelihood in nats."""
    picked = -log_proba[np.arange(len(targets)), targets]
    return float(np.average(picked, weights=weights))


def targets_of(codes: Sequence[int], labels: Sequence[int]) -> Ints:
    """Return each code's column in `labels`. Raises KeyError for a code that is not there."""
    column = {code: index for index, code in enumerate(labels)}
    return np.array([column[code] for code in codes], dtype=np.int64)
