"""The grounds of a decision in the seller's words (Digital Services Act, article 17). Pure.

Nothing here names a moderator or a buyer, nor tells which products are checks of moderators.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviewapp.choices import FailureCode, MemberChoice, ReviewReason, RouteOutcome
from reviewapp.domain.percent import whole_percent


class StatementKind(StrEnum):
    """What happened to a product."""

    ARRIVED = "arrived"
    LISTED = "listed"
    HELD = "held"
    KEPT = "kept"
    CONFIRMED = "confirmed"
    MOVED = "moved"
    APPEALED = "appealed"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    TAKEN_DOWN = "taken_down"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Said:
    """A member's first category, by name, and its calibrated confidence, 0..1."""

    member: MemberChoice
    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class RouteGrounds:
    """What an automatic route rests on. accept_at: confidence needed for a listing, 0..1; absent:
    members that had nothing to look at."""

    outcome: RouteOutcome
    reasons: Sequence[ReviewReason]
    said: Sequence[Said]
    accept_at: float | None
    failure: str = ""
    absent: frozenset[MemberChoice] = frozenset()


@dataclass(frozen=True, slots=True)
class DecisionGrounds:
    """What a moderator's decision rests on.

    reports: how many buyers' reports it answered; suggested: what the models had said
    contested: the category that the seller had appealed against, empty without an appeal
    definition: of the chosen category; question: what tells it from the one before
    """

    reasons: Sequence[ReviewReason]
    reports: int
    suggested: str
    contested: str
    category: str
    definition: str
    question: str


def route_sentences(grounds: RouteGrounds) -> list[str]:
    """Return why a product was listed or held automatically."""
    by_member = {said.member: said for said in grounds.said}
    fusion = by_member.get(MemberChoice.FUSION)
    sentences = [_confidence(fusion, grounds)] if fusion else []
    if ReviewReason.DISAGREEMENT in grounds.reasons:
        sentences.append(_disagreement(by_member))
    if ReviewReason.MISSING_INPUT in grounds.reasons:
        sentences.append(_("The text or the picture that the models need is missing."))
    if ReviewReason.FAILED in grounds.reasons:
        why = grounds.failure
        label = str(FailureCode(why).label) if why in FailureCode.values else why
        sentences.append(_("The models could not look at it: %(why)s.") % {"why": label})
    return [sentence for sentence in sentences if sentence]


def take_down_sentences(reports: int, category: str, policy: int) -> list[str]:
    """Return why a product was taken out of the shop. What the reports weigh is not told."""
    told = ngettext(
        "%(count)s buyer has reported “%(name)s” as the wrong category, and the report weighs enough.",
        "%(count)s buyers have reported “%(name)s” as the wrong category, and together their reports"
        " weigh enough.",
        reports,
    )
    return [
        told % {"count": reports, "name": category},
        _("That is what version %(policy)s of the policy for reports asks for.")
        % {"policy": policy},
    ]


def decision_sentences(grounds: DecisionGrounds) -> list[str]:
    """Return why a moderator looked at a product, and on what the answer rests."""
    sentences = list(dict.fromkeys(filter(None, (_why(r, grounds) for r in grounds.reasons))))
    if grounds.suggested:
        sentences.append(_("The models had said “%(name)s”.") % {"name": grounds.suggested})
    sentences.append(
        _("It was compared with what belongs into “%(name)s”: %(definition)s")
        % {"name": grounds.category, "definition": grounds.definition}
    )
    if grounds.question:
        sentences.append(
            _("What tells the two categories apart: %(question)s") % {"question": grounds.question}
        )
    return sentences


def _confidence(fusion: Said, grounds: RouteGrounds) -> str:
    plain, enough, too_little = _confidence_words(_speaker(grounds))
    values = {"name": fusion.name, "sure": whole_percent(fusion.confidence)}
    if grounds.accept_at is None:
        return plain % values
    values["needed"] = whole_percent(grounds.accept_at)
    return (enough if fusion.confidence >= grounds.accept_at else too_little) % values


def _speaker(grounds: RouteGrounds) -> MemberChoice:
    """Return the only member that had something to look at, or else FUSION."""
    for only, other in (
        (MemberChoice.CNN, MemberChoice.BERT),
        (MemberChoice.BERT, MemberChoice.CNN),
    ):
        if other in grounds.absent and only not in grounds.absent:
            return only
    return MemberChoice.FUSION


def _disagreement(by_member: dict[MemberChoice, Said]) -> str:
    picture, text = by_member.get(MemberChoice.CNN), by_member.get(MemberChoice.BERT)
    if picture is None or text is None:
        return _("Text and picture speak for different categories.")
    return _(
        "The picture says “%(picture)s” (%(picture_sure)s), the text says “%(text)s” (%(text_sure)s)."
    ) % {
        "picture": picture.name,
        "picture_sure": whole_percent(picture.confidence),
        "text": text.name,
        "text_sure": whole_percent(text.confidence),
    }


def _confidence_words(speaker: MemberChoice) -> tuple[str, str, str]:
    """Return the sentence without a threshold, above one, and below one."""
    if speaker == MemberChoice.BERT:
        return (
            _("There is no picture to look at; the text says “%(name)s”, %(sure)s sure."),
            _(
                "There is no picture to look at; the text says “%(name)s”, %(sure)s sure; from"
                " %(needed)s on a product is listed without a person."
            ),
            _(
                "There is no picture to look at; the text says “%(name)s”, but only %(sure)s sure;"
                " below %(needed)s a moderator decides."
            ),
        )
    if speaker == MemberChoice.CNN:
        return (
            _("There is no text to read; the picture says “%(name)s”, %(sure)s sure."),
            _(
                "There is no text to read; the picture says “%(name)s”, %(sure)s sure; from"
                " %(needed)s on a product is listed without a person."
            ),
            _(
                "There is no text to read; the picture says “%(name)s”, but only %(sure)s sure; below"
                " %(needed)s a moderator decides."
            ),
        )
    return (
        _("Text and picture together say “%(name)s”, %(sure)s sure."),
        _(
            "Text and picture together say “%(name)s”, %(sure)s sure; from %(needed)s on a"
            " product is listed without a person."
        ),
        _(
            "Text and picture together say “%(name)s”, but only %(sure)s sure; below %(needed)s a"
            " moderator decides."
        ),
    )


def _why(reason: ReviewReason, grounds: DecisionGrounds) -> str:
    if reason == ReviewReason.BUYER_REPORT and grounds.reports:
        return ngettext(
            "%(count)s buyer had reported the category as wrong.",
            "%(count)s buyers had reported the category as wrong.",
            grounds.reports,
        ) % {"count": grounds.reports}
    if reason == ReviewReason.SELLER_APPEAL and grounds.contested:
        return _("You had appealed against “%(name)s”.") % {"name": grounds.contested}
    check = _("The product was drawn for a check.")
    return {
        ReviewReason.LOW_CONFIDENCE: _("The models were not sure enough by themselves."),
        ReviewReason.DISAGREEMENT: _("Text and picture spoke for different categories."),
        ReviewReason.MISSING_INPUT: _("The text or the picture that the models need was missing."),
        ReviewReason.FAILED: _("The models could not look at it."),
        ReviewReason.SUSPECT_LABEL: _("Its category looked wrong beside similar products."),
        # Which product is a known answer or a second opinion is for nobody to know.
        ReviewReason.AUDIT: check,
        ReviewReason.GOLD: check,
        ReviewReason.SECOND_OPINION: check,
    }.get(reason, "")
