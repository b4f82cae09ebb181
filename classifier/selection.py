"""Selective classification: what is gained by answering only when sure.

Coverage = share of products answered without people; selective error = error among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from classifier.arrays import Bools, Floats


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The curve over every threshold that the data can tell apart, strictest first.

    threshold, coverage, error: (T,); accepting every confidence >= threshold[i] answers
    coverage[i] of the products and errs on error[i] of those
    """

    threshold: Floats
    coverage: Floats
    error: Floats


@dataclass(frozen=True, slots=True)
class Operating:
    """A threshold at work. accuracy is None when nothing is accepted."""

    threshold: float
    accepted: int
    coverage: float
    accuracy: float | None


def risk_coverage(
    confidence: Floats, is_right: Bools, weights: Floats | None = None
) -> RiskCoverage:
    """Return the risk-coverage curve; products of equal confidence enter together.

    confidence, is_right: (N,), N >= 1; weights: (N,) how many products each stands for, or None
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    rows = np.ones(len(ranked)) if weights is None else weights[order]
    accepted, wrong = np.cumsum(rows), np.cumsum(rows * ~is_right[order])
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    return RiskCoverage(ranked[last], accepted[last] / accepted[-1], wrong[last] / accepted[last])


def aurc(confidence: Floats, is_right: Bools, weights: Floats | None = None) -> float:
    """Return the area under the risk-coverage curve: mean selective error over all coverages.

    Ties are resolved at their average, so that the value does not depend on row order
    (Geifman, Uziel & El-Yaniv, ICLR 2019). weights: as in `risk_coverage`
    """
    curve = risk_coverage(confidence, is_right, weights)
    rows = np.ones(len(confidence)) if weights is None else weights
    shares = rows[np.argsort(-confidence, kind="stable")] / rows.sum()
    # Inside a tie, wrong answers are taken to be spread evenly over the places.
    places = np.cumsum(shares)
    known = np.concatenate([[0.0], curve.coverage])
    wrong = np.concatenate([[0.0], curve.coverage * curve.error])
    return float(shares @ (np.interp(places, known, wrong) / places))


def at_threshold(confidence: Floats, is_right: Bools, threshold: float) -> Operating:
    """Return coverage and accuracy when confidences at or above `threshold` are accepted."""
    accepted = confidence >= threshold
    count = int(accepted.sum())
    return Operating(
        threshold=threshold,
        accepted=count,
        coverage=count / len(confidence),
        accuracy=float(is_right[accepted].mean()) if count else None,
    )
