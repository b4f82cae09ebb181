"""How the mix of categories has changed, and how accurate a model is, without labels. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MOST_STEPS: Final = 500
_TOLERANCE: Final = 1e-6
_DRAWS: Final = 400


def estimate_priors(probabilities: Floats, trained: Floats) -> Floats:
    """Return the shares of the categories among products, float64 (K,), that sum to 1.

    Assumes that products within a category look as they did in training. Expectation
    maximisation: M. Saerens et al., Adjusting the outputs of a classifier to new a priori
    probabilities, Neural Computation 14, 2002; on calibrated probabilities as in A. Alexandari
    et al., ICML 2020.

    probabilities: calibrated, (N, K), rows sum to 1
    trained: shares in training, (K,), all above 0
    """
    priors = trained.copy()
    for _step in range(_MOST_STEPS):
        weighted = probabilities * (priors / trained)
        weighted /= weighted.sum(axis=1, keepdims=True)
        found = weighted.mean(axis=0)
        moved = float(np.abs(found - priors).sum())
        priors = found
        if moved < _TOLERANCE:
            break
    return priors


def spread(top: list[list[list[float]]], codes: list[int]) -> Floats:
    """Return probabilities (N, K) of which only the largest few are known by [code, probability].

    What is missing to 1 is shared out equally among the other categories.
    """
    place = {code: at for at, code in enumerate(codes)}
    rows = np.zeros((len(top), len(codes)))
    for row, pairs in zip(rows, top, strict=True):
        known = [(place[int(code)], value) for code, value in pairs if int(code) in place]
        others = max(len(codes) - len(known), 1)
        row[:] = max(1.0 - sum(value for _at, value in known), 1e-6) / others
        for at, value in known:
            row[at] = value
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def smoothed_shares(codes: npt.NDArray[np.int64], labels: list[int]) -> Floats:
    """Return the share of each label among `codes`, with one observation more of each."""
    counts = np.array([np.count_nonzero(codes == label) for label in labels]) + 1.0
    return np.asarray(counts / counts.sum())


def distance_by_chance(priors: Floats, size: int) -> float:
    """Return the L1 distance between `priors` and the shares among `size` products drawn from them
    that is exceeded once in a hundred times. The same numbers give the same answer."""
    drawn = np.random.default_rng(0).multinomial(size, priors, size=_DRAWS) / size
    return float(np.quantile(np.abs(drawn - priors).sum(axis=1), 0.99))


def accuracy_threshold(confidence: Floats, is_right: npt.NDArray[np.bool_]) -> float:
    """Return the confidence above which lies the same share of products as is right.

    Average thresholded confidence: S. Garg et al., Leveraging unlabeled data to predict
    out-of-distribution performance, ICLR 2022.
    """
    return float(np.quantile(confidence, 1 - is_right.mean()))
