"""What all members of a model version said of the same test products. Pure.

Shapes: N = products, K = categories of the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from reviewapp.domain.policy_effect import Bools, Floats, Ints, Sample

NO_ANSWER: Final = -1
"""Stands for the category where a member had nothing to go by."""

Words = npt.NDArray[np.str_]
Halves = npt.NDArray[np.float16]

_OF_PRODUCTS: Final = ("product", "true", "group", "missing", "language", "seller", "is_audit")
_OPTIONAL: Final = ("is_learned", "weight")


@dataclass(frozen=True, slots=True)
class MemberAnswers:
    """One member's answers.

    proba: (N, K); predicted: (N,) codes, NO_ANSWER where there is none; confidence: (N,), 0 there
    """

    proba: Halves
    predicted: Ints
    confidence: Floats


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """The answers of a version, and what is known of the products.

    labels: (K,) codes of the columns; product: (N,) ids; true: (N,) codes
    group: (N,) near duplicates share it; is_audit: (N,) labelled in a blind random audit
    missing, language, seller: (N,) what numbers are split by
    latency_ms: (N,) FUSION's share of its batch's time
    is_learned: (N,) the version may know it by heart; None: nothing
    weight: (N,) how many products each stands for; None: one
    """

    labels: Ints
    product: Ints
    true: Ints
    group: Words
    missing: Words
    language: Words
    seller: Words
    is_audit: Bools
    latency_ms: Floats
    members: Mapping[str, MemberAnswers]
    is_learned: Bools | None = None
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.product)

    def select(self, rows: Bools) -> AnswerSheet:
        """Return the products of the mask `rows` (N,)."""
        flat = self.arrays()
        return AnswerSheet.from_arrays(
            {name: column if name == "labels" else column[rows] for name, column in flat.items()}
        )

    def unlearned(self) -> AnswerSheet:
        """Return the products that the version cannot know by heart."""
        return self if self.is_learned is None else self.select(~self.is_learned)

    def sample(self, member: str) -> Sample:
        """Return one member's answers as what policies are tried on."""
        own = self.members[member]
        missing = tuple(self.missing.tolist())
        duplicates = np.unique(self.group, return_inverse=True)[1]
        return Sample(own.confidence, own.predicted, self.true, missing, duplicates=duplicates)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything by name, to be written to one file of arrays."""
        flat: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in _OF_PRODUCTS}
        flat |= {"labels": self.labels, "latency_ms": self.latency_ms.astype(np.float32)}
        for name in _OPTIONAL:
            if (column := getattr(self, name)) is not None:
                flat[name] = column
        for member, answers in self.members.items():
            flat[f"{member}/proba"] = answers.proba
            flat[f"{member}/predicted"] = answers.predicted.astype(np.int32)
            flat[f"{member}/confidence"] = answers.confidence.astype(np.float32)
        return flat

    @classmethod
    def from_arrays(cls, flat: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Read back what `arrays` gave."""
        members = {name.partition("/")[0] for name in flat if "/" in name}
        return cls(
            labels=flat["labels"],
            latency_ms=flat["latency_ms"].astype(np.float64),
            members={
                member: MemberAnswers(
                    flat[f"{member}/proba"],
                    flat[f"{member}/predicted"].astype(np.int64),
                    flat[f"{member}/confidence"].astype(np.float64),
                )
                for member in sorted(members)
            },
            **{name: flat[name] for name in (*_OF_PRODUCTS, *_OPTIONAL) if name in flat},
        )


def joined(sheets: Sequence[AnswerSheet]) -> AnswerSheet:
    """Return one sheet of the products of all `sheets` (one or more, of equal columns), in order."""
    columns = [sheet.arrays() for sheet in sheets]
    names = columns[0].keys() - {"labels"}
    flat = {name: np.concatenate([one[name] for one in columns]) for name in sorted(names)}
    return AnswerSheet.from_arrays(flat | {"labels": sheets[0].labels})


def member_answers(proba: Floats, known: Bools, labels: Ints) -> MemberAnswers:
    """Return a member's answers in the form they are kept in.

    proba: (N, K); known: (N,), whether the member had its input
    """
    # Before the rounding to half precision, which could let two categories tie.
    predicted = np.where(known, labels[proba.argmax(axis=1)], NO_ANSWER)
    confidence = np.where(known, proba.max(axis=1), 0.0)
    return MemberAnswers(proba.astype(np.float16), predicted.astype(np.int64), confidence)


def missing_inputs(*, has_image: bool, has_text: bool) -> str:
    """Return the inputs that are not there, joined by a comma, as in `policy_effect.Sample`."""
    there = {"image": has_image, "text": has_text}
    return ",".join(kind for kind, is_there in there.items() if not is_there)


def seller_size(products: int) -> str:
    """Return the size class of a seller with so many products of a snapshot."""
    return "small" if products < 10 else "medium" if products < 100 else "large"
