"""A regularised linear head over an encoder's vectors: what CNN and BERT have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from classifier.arrays import Floats, Ints, log_prior, log_softmax, targets_of
from classifier.errors import ArtifactInvalid
from classifier.logistic import Linear, PathFitter, Problem, standardise
from classifier.members.base import FitReport, MemberState, Source
from classifier.members.path import STRENGTHS, choose_strength
from classifier.types import Member

Vectors = npt.NDArray[Any]  # (N, D)


class LinearHead:
    """Multinomial logistic regression on standardised vectors.

    Saved in single precision and rounded to it when fitted, so that a loaded head gives the
    same answers as the fitted one.
    """

    member: ClassVar[Member]
    source: ClassVar[Source]

    def __init__(self, labels: Sequence[int], strengths: Sequence[float] = STRENGTHS) -> None:
        self.labels = tuple(labels)
        self._strengths = tuple(strengths)
        self._linear: Linear | None = None

    def fit(
        self, inputs: Vectors, codes: Sequence[int], folds: Ints, weights: Floats | None = None
    ) -> FitReport:
        """Fit on all rows; see `MemberModel.fit`."""
        x = np.asarray(inputs, dtype=np.float64)
        targets = targets_of(codes, self.labels)

        def divide(train: Ints, held: Ints) -> tuple[Floats, Floats]:
            shift, scale = standardise(x[train])
            return (x[train] - shift) * scale, (x[held] - shift) * scale

        report = choose_strength(divide, targets, len(self.labels), folds, weights, self._strengths)
        self._linear = _fit_all(x, targets, len(self.labels), weights, report.strength)
        return report

    def predict_log_proba(self, inputs: Vectors) -> Floats:
        """Return log-probabilities (N, K)."""
        if self._linear is None:
            raise RuntimeError(f"The {self.member} head is not fitted.")
        return log_softmax(self._linear.logits(np.asarray(inputs, dtype=np.float64)))

    def save(self) -> MemberState:
        if self._linear is None:
            raise RuntimeError(f"The {self.member} head is not fitted.")
        tensors = {
            "coef": self._linear.coef.astype(np.float32),
            "intercept": self._linear.intercept.astype(np.float32),
        }
        return MemberState({}, tensors)

    @classmethod
    def load(cls, labels: Sequence[int], state: MemberState) -> Self:
        head = cls(labels)
        coef, intercept = state.tensors.get("coef"), state.tensors.get("intercept")
        if coef is None or intercept is None or coef.shape[1:] != (len(head.labels),):
            raise ArtifactInvalid(
                f"model.safetensors: the {cls.member} head does not have one column for each of"
                f" the {len(head.labels)} categories; train the model again."
            )
        head._linear = Linear(coef.astype(np.float64), intercept.astype(np.float64))
        return head


def _fit_all(
    x: Floats, targets: Ints, categories: int, weights: Floats | None, strength: float
) -> Linear:
    """Return the head for raw vectors: standardisation and class prior are folded into it."""
    shift, scale = standardise(x)
    prior = log_prior(targets, categories, weights)
    fitted = PathFitter(Problem((x - shift) * scale, targets, prior, weights)).fit(strength)
    coef = fitted.coef * scale[:, None]
    intercept = fitted.intercept + prior - shift @ coef
    return Linear(
        coef.astype(np.float32).astype(np.float64),
        intercept.astype(np.float32).astype(np.float64),
    )
