"""Values that cross the border of the classifier. No torch here: web processes import this."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from classifier.arrays import Bools, Floats


class Member(StrEnum):
    """One model inside the fusion, or the fusion itself."""

    CNN = "cnn"
    BERT = "bert"
    LEXICAL = "lexical"
    FUSION = "fusion"


class Absence(StrEnum):
    """Why a member has no answer for a product."""

    NO_IMAGE = "no_image"
    NO_TEXT = "no_text"
    UNREADABLE_IMAGE = "unreadable_image"
    NO_INPUT = "no_input"


@dataclass(frozen=True, slots=True)
class ProductInput:
    """What a model may see of one product.

    key: the caller's name for the product, given back unchanged
    image: path of a picture file, or None
    """

    key: str
    designation: str
    description: str = ""
    image: Path | None = None


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One category code with its calibrated probability, 0..1."""

    code: int
    probability: float


@dataclass(frozen=True, slots=True)
class MemberAnswer:
    """One member's answer for one product.

    top: up to five categories, most probable first; empty when the member has no answer
    confidence: calibrated probability of `top[0]`, or None when the member has no answer
    absence: why there is no answer, or None
    latency_ms: this product's share of the batch's time in this member, milliseconds
    """

    member: Member
    top: tuple[LabelScore, ...] = ()
    confidence: float | None = None
    absence: Absence | None = None
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class PredictionResult:
    """All members' answers for one product; FUSION is always among them.

    embedding: unit vector of text and picture, or empty when neither was encoded; comparable
    only with those of the same model (`classifier.embedding`)
    """

    key: str
    answers: dict[Member, MemberAnswer] = field(default_factory=dict)
    embedding: tuple[float, ...] = ()

    @property
    def fusion(self) -> MemberAnswer:
        return self.answers[Member.FUSION]


@dataclass(frozen=True, slots=True)
class Distribution:
    """One member's calibrated answers for N products, whole instead of the first five.

    proba: (N, K), columns in the order of the model's labels; known: (N,), whether the member had
    its input; latency_ms: (N,), as in MemberAnswer
    """

    proba: Floats
    known: Bools
    latency_ms: Floats


@dataclass(frozen=True, slots=True)
class Attribution:
    """What moved FUSION towards its first category `code`, held with `confidence`, 0..1.

    words: the text in order, in pieces, each with its evidence: how far the log-odds fall without
    it; negative evidence speaks against the category
    patches: evidence of a square grid's patches, row by row; empty without a picture
    box: the part of the picture that the grid covers, as shares (left, top, right, bottom)
    """

    code: int
    confidence: float
    words: tuple[tuple[str, float], ...]
    patches: tuple[float, ...]
    box: tuple[float, float, float, float]


class Signal(StrEnum):
    """What speaks against a label."""

    CONFIDENT_LEARNING = "confident_learning"
    NEAR_DUPLICATES = "near_duplicates"
    MODERATOR_DRIFT = "moderator_drift"


@dataclass(frozen=True, slots=True)
class Suspect:
    """One label in doubt.

    row: its place among the rows; p_given, p_suggested: probabilities of the two codes by a model
    that has learned neither the product nor its near duplicates; duplicates: how many of these
    carry any code, given_votes and suggested_votes: the one and the other; doubt: 0..1
    """

    row: int
    signals: tuple[Signal, ...]
    given: int
    suggested: int
    p_given: float
    p_suggested: float
    duplicates: int
    given_votes: int
    suggested_votes: int
    doubt: float
