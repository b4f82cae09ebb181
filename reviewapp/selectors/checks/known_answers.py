"""A moderator's answers to products whose category is settled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet

from reviewapp.choices import AdjudicationCause, KnownAnswerEnd, ReviewReason, Verdict
from reviewapp.domain.checks import LAST_KNOWN_ANSWERS, is_dispute_upheld
from reviewapp.models import Adjudication, Decision, Disagreement, KnownAnswer, User

_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)
# As long as an answer may still be taken back without a trace in any comparison.
TOLD_AFTER = timedelta(minutes=10)
_MISSES_SHOWN = 5
_STANDING = Prefetch(
    "disagreement__adjudications",
    Adjudication.objects.filter(undone_at=None).select_related(
        "decision__category__family", "decision__moderator"
    ),
    to_attr="standing",
)


@dataclass(frozen=True, slots=True)
class Record:
    """Of a moderator's last known answers, how many were right."""

    hits: int
    sample: int


@dataclass(frozen=True, slots=True)
class Miss:
    """A known answer that somebody answered otherwise, as that person is told.

    is_right: as `is_right_answer`; dispute, word: what was asked about it, and what a lead said
    """

    decision: Decision
    known: KnownAnswer
    is_right: bool | None
    dispute: Disagreement | None
    word: Adjudication | None

    @property
    def may_dispute(self) -> bool:
        return self.dispute is None and self.is_right is False

    @property
    def is_open(self) -> bool:
        """True while a lead is to decide."""
        return self.dispute is not None and self.dispute.closed_at is None

    @property
    def is_void(self) -> bool:
        """True when it counts no longer."""
        return self.is_right is not False and not self.is_open


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
    return known_answers_of_all().filter(moderator=moderator)


def known_answers_of_all() -> QuerySet[Decision]:
    """Everybody's first answers to known answers, newest first, undone ones among them."""
    return (
        Decision.objects.filter(
            # Named again for the index, which holds nothing else.
            reasons__contains=[ReviewReason.GOLD],
            item__known_answer__isnull=False,
            is_blind=True,
            verdict__in=_ANSWERS,
        )
        .select_related(
            "item__known_answer__category__family", "product", "category__family", "disagreement"
        )
        .prefetch_related(_STANDING)
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
    a lead found that there was no fair question. Reads a row of `known_answers_of`."""
    known = decision.item.known_answer
    if known is None:
        return None
    if decision.category_id == known.category_id:
        return True
    dispute = getattr(decision, "disagreement", None)
    if dispute is not None and dispute.standing:
        ruling = dispute.standing[0]
        is_same = ruling.decision.category_id == known.category_id
        if not is_dispute_upheld(AdjudicationCause(ruling.cause), is_same_category=is_same):
            return False
        return True if ruling.decision.category_id == decision.category_id else None
    is_open = dispute is not None and dispute.closed_at is None
    # A colleague's dispute was upheld: the miss counts for nobody.
    has_fallen = known.retired_because == KnownAnswerEnd.DISPUTE_UPHELD
    return None if is_open or has_fallen else False


def missed(*, moderator: User) -> QuerySet[Decision]:
    """Known answers that the moderator answered differently, with the dispute if there is one."""
    return known_answers_of(moderator=moderator).exclude(category=F("item__known_answer__category"))


def misses(*, moderator: User, now: datetime) -> list[Miss]:
    """Return the moderator's last misses with their disputes, newest first; three queries.

    Only after TOLD_AFTER, among other things on a page of one's own: told at once, a miss would
    teach what a known answer looks like. One that was told never comes again.
    """
    told = missed(moderator=moderator).filter(decided_at__lte=now - TOLD_AFTER)
    return [_miss(decision) for decision in told[:_MISSES_SHOWN]]


def _miss(decision: Decision) -> Miss:
    known = decision.item.known_answer
    if known is None:
        raise ValueError(f"Decision {decision.pk} answers no known answer.")
    dispute = getattr(decision, "disagreement", None)
    words = dispute.standing if dispute is not None else []
    word = words[0] if words else None
    return Miss(decision, known, is_right_answer(decision), dispute, word)


def missed_by(*, known: KnownAnswer) -> list[User]:
    """Everybody whose first answer to `known` was another one."""
    answers = Decision.objects.filter(
        item__known_answer=known, is_blind=True, verdict__in=_ANSWERS
    ).exclude(category=known.category_id)
    return list(User.objects.filter(pk__in=answers.values("moderator")))
