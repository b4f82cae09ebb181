"""Drift of what is estimated without labels: the mix of categories, and the share that is right. Pure.

Both rest on the model's calibrated probabilities and on `domain.label_shift`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import stats

from reviewapp.choices import DriftTest
from reviewapp.domain import label_shift
from reviewapp.domain.drift import ENOUGH, Finding, Floats, Mover

_MOVERS: Final = 5


@dataclass(frozen=True, slots=True)
class Estimates:
    """What is estimated of N products of which the model said `probabilities` (N, K).

    trained: shares of the categories in training, (K,), all above 0; shares: now; sure: products
    above the accuracy threshold
    """

    probabilities: Floats
    trained: Floats
    shares: Floats
    sure: int

    @classmethod
    def of(cls, probabilities: Floats, trained: Floats, confidence: Floats, sure_at: float) -> Self:
        shares = label_shift.estimate_priors(probabilities, trained)
        return cls(probabilities, trained, shares, int((confidence >= sure_at).sum()))

    @property
    def right(self) -> float:
        """Share expected to be right, 0..1."""
        return self.sure / len(self.probabilities)


@dataclass(frozen=True, slots=True)
class Normal:
    """What the estimates of a window are held against, known from `size` products.

    shares: of the categories, (K,), all above 0; right: share that is right
    said: mean probability of each category, (K,), and its covariance over products, (K, K)
    """

    shares: Floats
    said: Floats
    covariance: Floats
    right: float
    size: int

    @classmethod
    def of_labels(cls, true: npt.NDArray[np.int64], labels: list[int], right: float) -> Self:
        """Return what products of known category say; a calibrated model says the same on average."""
        shares = label_shift.smoothed_shares(true, labels)
        said = np.array([np.mean(true == label) for label in labels])
        return cls(shares, said, np.diag(shares) - np.outer(shares, shares), right, len(true))

    @classmethod
    def of_estimates(cls, now: Estimates) -> Self:
        """Return the estimates themselves as what is normal."""
        size, kinds = now.probabilities.shape
        return cls(
            (now.shares * size + 1) / (size + kinds),
            now.probabilities.mean(axis=0),
            np.cov(now.probabilities, rowvar=False),
            now.right,
            size,
        )

    def as_json(self, codes: Sequence[int]) -> dict[str, Any]:
        """codes: of the categories, (K,), by which they are found again."""
        return {
            "codes": list(codes),
            "shares": self.shares.tolist(),
            "said": self.said.tolist(),
            "covariance": self.covariance.tolist(),
            "right": self.right,
            "size": self.size,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], codes: Sequence[int]) -> Self | None:
        """Return it with its categories in the order of `codes`; None for a reference without one."""
        if not stored:
            return None
        places = [stored["codes"].index(code) for code in codes]
        return cls(
            np.array(stored["shares"])[places],
            np.array(stored["said"])[places],
            np.array(stored["covariance"])[np.ix_(places, places)],
            stored["right"],
            stored["size"],
        )


def compare_estimates(
    normal: Normal | None, now: Estimates | None, codes: Sequence[int]
) -> list[Finding]:
    """Hold a window's estimates against what is normal; without both, or of few, untested."""
    if normal is None or now is None or min(normal.size, len(now.probabilities)) < ENOUGH:
        return [Finding(DriftTest.MIX), Finding(DriftTest.RIGHT)]
    return [_mix(normal, now, codes), _right(normal, now)]


def _mix(normal: Normal, now: Estimates, codes: Sequence[int]) -> Finding:
    """Score test of the mix: at an unchanged mix expectation maximisation stays where it begins, at
    the mean of the probabilities. Hotelling's T² with a covariance for either side, and F by the
    smaller one, which errs on the safe side.

    Source: C. R. Rao, Large sample tests of statistical hypotheses, Proc. Camb. Phil. Soc. 44, 1948.
    """
    size = len(now.probabilities)
    moved = now.probabilities.mean(axis=0) - normal.said
    spread = np.cov(now.probabilities, rowvar=False) / size + normal.covariance / normal.size
    # Shares sum to 1: one of them follows from the others.
    width, fewer = len(codes) - 1, min(size, normal.size)
    statistic = float(moved[1:] @ np.linalg.pinv(spread[1:, 1:], hermitian=True) @ moved[1:])
    scaled = statistic * (fewer - width) / ((fewer - 1) * width)
    p_value = float(stats.f.sf(scaled, width, fewer - width)) if fewer > width else None
    movers = [
        Mover(str(code), before, after)
        for code, before, after in zip(
            codes, normal.shares.tolist(), now.shares.tolist(), strict=True
        )
    ]
    movers.sort(key=lambda one: (-abs(one.after - one.before), one.name))
    return Finding(DriftTest.MIX, statistic, p_value, movers=movers[:_MOVERS])


def _right(normal: Normal, now: Estimates) -> Finding:
    """Fisher's exact test, one-sided: that more is expected to be right is no cause for alarm."""
    size, before = len(now.probabilities), round(normal.right * normal.size)
    table = [[now.sure, size - now.sure], [before, normal.size - before]]
    p_value = float(stats.fisher_exact(table, alternative="less").pvalue)
    return Finding(DriftTest.RIGHT, now.right - normal.right, p_value, normal.right, now.right)
