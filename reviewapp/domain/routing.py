"""Routing: listed at once, or in front of a moderator, and why. Pure; the caller brings the draw.

Blind random audit of accepted products keeps the accuracy of what nobody else looks at
measurable; the draw is a hash, so that a repeated task takes the same path as the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from reviewapp.choices import AuditStratum, ReviewReason, RouteOutcome

MODELS_REASONS = frozenset(
    {
        ReviewReason.LOW_CONFIDENCE,
        ReviewReason.DISAGREEMENT,
        ReviewReason.MISSING_INPUT,
        ReviewReason.FAILED,
    }
)
STRATA = ((AuditStratum.NEAR, 0.5, 4.0), (AuditStratum.MIDDLE, 0.9, 2.0))
"""Up to which share of the way from the threshold to certainty a stratum reaches, and how many times
the policy's audit rate it is audited: most errors lie just above the threshold. FAR is the rest."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of a RoutingPolicy row.

    accept_at: calibrated FUSION confidence from which a product is listed, 0..1
    thresholds: the same for single categories, by code
    missing_thresholds: at least this where an input is missing ("image" or "text"), whatever
        the category
    audit_rate: share of almost certain products that a moderator checks blindly, 0..1
    audit_rates: the same for the other strata; those that are missing are audited 4 (near) and 2
        (middle) times as often
    disagreement_at: CNN and BERT disagree when they name different categories and each is at
        least this confident, 0..1; a weak member's guess alone is no reason to bother a person
    """

    version: int
    accept_at: float = 0.80
    audit_rate: float = 0.05
    disagreement_at: float = 0.5
    review_missing_text: bool = True
    thresholds: Mapping[int, float] = field(default_factory=dict)
    missing_thresholds: Mapping[str, float] = field(default_factory=dict)
    audit_rates: Mapping[str, float] = field(default_factory=dict)

    def audit_rate_in(self, stratum: AuditStratum) -> float:
        """Return the share of the stratum's listed products that is audited, 0..1."""
        for name, _reach, times in STRATA:
            if name == stratum:
                return self.audit_rates.get(name.value, min(1.0, times * self.audit_rate))
        return self.audit_rate

    def threshold(self, code: int, missing: str) -> float:
        """Return the confidence needed to list a product under `code`, 0..1.

        missing: the inputs that are not there, joined by a comma; empty when nothing is missing
        """
        own = self.thresholds.get(code, self.accept_at)
        stricter = (self.missing_thresholds.get(kind, 0.0) for kind in missing.split(","))
        return max(own, *stricter)

    def lists_all_of(self, other: Self) -> bool:
        """Say whether every product that `other` lists by itself is listed by this policy, too."""
        codes = {-1, *self.thresholds, *other.thresholds}  # -1: any category without one of its own
        kinds = ("", *self.missing_thresholds, *other.missing_thresholds)
        return (
            self.disagreement_at >= other.disagreement_at
            and (other.review_missing_text or not self.review_missing_text)
            and all(
                self.threshold(code, kind) <= other.threshold(code, kind)
                for code in codes
                for kind in kinds
            )
        )

    def is_stricter_than(self, other: Self) -> bool:
        """Say whether this policy lists by itself a part only of what `other` does."""
        return other.lists_all_of(self) and not self.lists_all_of(other)


@dataclass(frozen=True, slots=True)
class MemberOpinion:
    """A member's first category and its calibrated confidence, 0..1."""

    code: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What routing looks at. A member without an answer is None.

    failure: why the product could not be classified at all; empty when it was
    is_learned: the models have learned the product, as it was before an edit: they are sure by heart
    """

    fusion: MemberOpinion | None
    cnn: MemberOpinion | None = None
    bert: MemberOpinion | None = None
    has_text: bool = True
    has_image: bool = True
    failure: str = ""
    is_learned: bool = False

    @property
    def missing(self) -> str:
        """The inputs that are not there, joined by a comma."""
        there = {"image": self.has_image, "text": self.has_text}
        return ",".join(kind for kind, is_there in there.items() if not is_there)


@dataclass(frozen=True, slots=True)
class RouteDecision:
    """Where to, why, and with what probability a product like this one is reviewed.

    A product that is both listed and given the reason AUDIT stays listed during its audit.
    """

    outcome: RouteOutcome
    reasons: tuple[ReviewReason, ...]
    inclusion_probability: float
    stratum: AuditStratum = AuditStratum.REVIEW


def stratum_of(confidence: float, threshold: float) -> AuditStratum:
    """Return the stratum of a confidence at or above `threshold`, both 0..1."""
    way = (confidence - threshold) / (1 - threshold) if threshold < 1 else 1.0
    return next((name for name, reach, _times in STRATA if way < reach), AuditStratum.FAR)


def audit_draw(product_id: int, policy_version: int) -> float:
    """Return a number in [0, 1), uniform over products, always the same for the same pair."""
    digest = hashlib.sha256(f"audit:{policy_version}:{product_id}".encode()).digest()
    # 53 bits: every float below 1 that a double can hold evenly spaced.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def route(evidence: Evidence, draw: float, policy: Policy) -> RouteDecision:
    """Route one product.

    A product in doubt is reviewed with certainty. An accepted one is audited when `draw`, a
    number in [0, 1) such as `audit_draw` gives, falls below the audit rate of its stratum. What the
    models know by heart is audited like what lies just above the threshold, however sure they are.
    """
    doubts = _doubts(evidence, policy)
    if doubts or evidence.fusion is None:
        return RouteDecision(RouteOutcome.REVIEW, doubts, 1.0)
    needed = policy.threshold(evidence.fusion.code, evidence.missing)
    sure = AuditStratum.NEAR if evidence.is_learned else None
    stratum = sure or stratum_of(evidence.fusion.confidence, needed)
    rate = policy.audit_rate_in(stratum)
    reasons = (ReviewReason.AUDIT,) if draw < rate else ()
    return RouteDecision(RouteOutcome.LISTED, reasons, rate, stratum)


def are_models_doubts(reasons: Iterable[str]) -> bool:
    """Say whether all `reasons` are the models' own, so that better answers of theirs end them."""
    return set(reasons) <= MODELS_REASONS


def _doubts(evidence: Evidence, policy: Policy) -> tuple[ReviewReason, ...]:
    if evidence.failure:
        return (ReviewReason.FAILED,)
    if evidence.fusion is None:
        return (ReviewReason.MISSING_INPUT,)
    doubts = []
    # "not >=" rather than "<": a confidence that is not a number must never pass.
    needed = policy.threshold(evidence.fusion.code, evidence.missing)
    if not evidence.fusion.confidence >= needed:
        doubts.append(ReviewReason.LOW_CONFIDENCE)
    if _disagree(evidence.cnn, evidence.bert, policy.disagreement_at):
        doubts.append(ReviewReason.DISAGREEMENT)
    if policy.review_missing_text and not evidence.has_text:
        doubts.append(ReviewReason.MISSING_INPUT)
    return tuple(doubts)


def _disagree(cnn: MemberOpinion | None, bert: MemberOpinion | None, at: float) -> bool:
    if cnn is None or bert is None or cnn.code == bert.code:
        return False
    return min(cnn.confidence, bert.confidence) >= at
