"""What a member of the fusion is.

A new member needs a value in `classifier.types.Member`, a class that keeps `MemberModel`, and an
entry in `classifier.members.registry`. Training, fusion, artifact and predictor go through these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol

import numpy as np

from classifier.arrays import AnyArray, Bools, Floats, Ints
from classifier.types import Member

NEVER_HELD: Final = -1
"""Fold of rows that are always trained on and never held out."""


class Modality(StrEnum):
    """What a product has to bring for a member to answer."""

    TEXT = "text"
    IMAGE = "image"


class Source(StrEnum):
    """Where a member's inputs come from."""

    TEXT = "text"  # cleaned text, a list of str
    TEXT_VECTORS = "text_vectors"  # the text encoder's embeddings, (N, D) float32
    IMAGE_VECTORS = "image_vectors"  # the image encoder's embeddings, (N, D) float32

    @property
    def modality(self) -> Modality:
        return Modality.IMAGE if self is Source.IMAGE_VECTORS else Modality.TEXT


@dataclass(frozen=True)
class Features:
    """The inputs of all members for the same N rows.

    values: per source the inputs of all rows; rows without that modality hold anything
    available: per modality which rows have it, (N,)
    """

    values: Mapping[Source, AnyArray | Sequence[str]]
    available: Mapping[Modality, Bools]

    def __len__(self) -> int:
        return len(next(iter(self.available.values())))

    def rows(self, source: Source, index: Ints) -> Any:
        """Return the inputs of the rows at `index`."""
        values = self.values[source]
        if isinstance(values, np.ndarray):
            return values[index]
        return [values[int(row)] for row in index]

    def select(self, index: Ints) -> Features:
        """Return the rows at `index` as features of their own."""
        return Features(
            {source: self.rows(source, index) for source in self.values},
            {modality: mask[index] for modality, mask in self.available.items()},
        )

    def followed_by(self, other: Features) -> Features:
        """Return the rows of both."""
        values: dict[Source, AnyArray | Sequence[str]] = {}
        for source, first in self.values.items():
            second = other.values[source]
            if isinstance(first, np.ndarray):
                values[source] = np.concatenate([first, np.asarray(second)])
            else:
                values[source] = [*first, *second]
        masks = {
            modality: np.concatenate([mask, other.available[modality]])
            for modality, mask in self.available.items()
        }
        return Features(values, masks)

    def without(self, modality: Modality) -> Features:
        """Return the same rows as if `modality` had never been there."""
        masks = dict(self.available)
        if modality in masks:
            masks[modality] = np.zeros(len(self), dtype=np.bool_)
        return Features(self.values, masks)


@dataclass(frozen=True)
class MemberState:
    """A fitted member as plain data.

    settings: JSON values; tensors: arrays for the safetensors file
    """

    settings: dict[str, Any] = field(default_factory=dict)
    tensors: dict[str, AnyArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FitReport:
    """What fitting learned besides the model.

    out_of_fold: (N, K) log-probabilities, each row from a model that has not seen its fold;
    uniform for rows that are never held
    strength: chosen regularisation
    nll_by_strength: cross-validated log-loss of each strength tried
    """

    out_of_fold: Floats
    strength: float
    nll_by_strength: dict[float, float]


class MemberModel(Protocol):
    """One classifier over one source of inputs.

    labels: category codes, ascending; the columns of every answer
    """

    member: ClassVar[Member]
    source: ClassVar[Source]
    labels: tuple[int, ...]

    def __init__(self, labels: Sequence[int]) -> None: ...

    def fit(
        self, inputs: Any, codes: Sequence[int], folds: Ints, weights: Floats | None = None
    ) -> FitReport:
        """Fit on all rows; choose regularisation by cross-validated log-loss over `folds`.

        inputs: the rows' values of `source`; weights: (N,)
        folds: (N,), groups whole; rows of the fold `NEVER_HELD` are in every training part
        """
        ...

    def predict_log_proba(self, inputs: Any) -> Floats:
        """Return log-probabilities (N, K)."""
        ...

    def save(self) -> MemberState:
        """Return the fitted member as plain data."""
        ...

    @classmethod
    def load(cls, labels: Sequence[int], state: MemberState) -> MemberModel:
        """Return the member that `save` described. Raises ArtifactInvalid if it does not fit."""
        ...
