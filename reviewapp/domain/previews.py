"""How sure a look ahead is, in words, and where the policy would send the draft. Pure."""

from __future__ import annotations

from typing import Final

from classifier.types import Member, PredictionResult
from reviewapp.choices import Certainty
from reviewapp.domain.routing import Evidence, MemberOpinion

_STEPS: Final = (
    (0.9, Certainty.ALMOST_CERTAIN),
    (0.7, Certainty.LIKELY),
    (0.4, Certainty.POSSIBLE),
)
# Never below the policy's audit rate: whether a product is audited is drawn for the product.
NO_AUDIT: Final = 1.0


def certainty(probability: float) -> Certainty:
    """Put a calibrated probability, 0..1, into words."""
    return next((word for least, word in _STEPS if probability >= least), Certainty.GUESS)


def evidence(result: PredictionResult, *, has_text: bool, has_image: bool) -> Evidence:
    """Return what routing would look at, were the draft a product."""
    return Evidence(
        fusion=_opinion(result, Member.FUSION),
        cnn=_opinion(result, Member.CNN),
        bert=_opinion(result, Member.BERT),
        has_text=has_text,
        has_image=has_image,
    )


def _opinion(result: PredictionResult, member: Member) -> MemberOpinion | None:
    answer = result.answers.get(member)
    if answer is None or answer.confidence is None:
        return None
    return MemberOpinion(code=answer.top[0].code, confidence=answer.confidence)
