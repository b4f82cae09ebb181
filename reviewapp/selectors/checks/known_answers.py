"""A moderator's answers to products whose category is settled."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, QuerySet

from reviewapp.choices import AdjudicationCause, ReviewReason, Verdict
from reviewapp.domain.checks import LAST_KNOWN_ANSWERS, is_dispute_upheld
from reviewapp.models import Decision, User

_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


@dataclass(frozen=True, slots=True)
class Record:
    """Of a moderator's last known answers, how many were right."""

    hits: int
    sample: int


def is_second_look() -> Exists:
    """A condition on Decision: its author had answered this very item blind before, and took that
    back, having been told what the models said. The first answer is what counts, for ever."""
    return Exists(
        Decision.objects.filter(
            item=OuterRef("item"),
            moderator=OuterRef("moderator"),
            is_blind=True,
            verdict__in=_ANSWERS,
            pk__lt=OuterRef("pk"),
        )
    )


def known_answers_of(*, moderator: User) -> QuerySet[Decision]:
    """The moderator's first answers to known answers, newest first, undone ones among them."""
    return (
        Decision.objects.filter(
            moderator=moderator,
            # Named again for the index, which holds nothing else.
            reasons__contains=[ReviewReason.GOLD],
            item__known_answer__isnull=False,
            is_blind=True,
            verdict__in=_ANSWERS,
        )
        .select_related(
            "item__known_answer__category__family", "disagreement__adjudication__decision"
        )
        .order_by("-decided_at", "-pk")
    )


def record_of(*, moderator: User) -> Record:
    """Return how the last LAST_KNOWN_ANSWERS went; disputed ones count as a lead decided."""
    verdicts = [
        is_right
        for decision in known_answers_of(moderator=moderator)[:LAST_KNOWN_ANSWERS]
        if (is_right := is_right_answer(decision)) is not None
    ]
    return Record(sum(verdicts), len(verdicts))


def is_right_answer(decision: Decision) -> bool | None:
    """Say whether an answer to a known answer was right; None while a dispute is open, and when
    a lead found that there was no fair question."""
    known = decision.item.known_answer
    if known is None:
        return None
    if decision.category_id == known.category_id:
        return True
    dispute = getattr(decision, "disagreement", None)
    if dispute is None:
        return False
    ruling = getattr(dispute, "adjudication", None)
    if ruling is None:
        return None if dispute.closed_at is None else False
    is_same = ruling.decision.category_id == known.category_id
    if not is_dispute_upheld(AdjudicationCause(ruling.cause), is_same_category=is_same):
        return False
    return True if ruling.decision.category_id == decision.category_id else None


def missed(*, moderator: User) -> QuerySet[Decision]:
    """Known answers that the moderator answered differently, with the dispute if there is one."""
    return known_answers_of(moderator=moderator).exclude(category=F("item__known_answer__category"))
