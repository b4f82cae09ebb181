"""Rechecks: what there is to check, what came of it, and who is demoted."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, QuerySet, Value, When

from reviewapp.choices import Measured, ReviewReason, ReviewStatus, Verdict
from reviewapp.domain.priority import ENOUGH, USUAL_SECONDS
from reviewapp.domain.rechecks import Outcome, Scope
from reviewapp.models import Decision, QueueMeasure, Recheck, ReviewItem, User

_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recheck would open: `count` checks, of answers from `since` on, `seconds` each."""

    count: int
    since: datetime | None
    seconds: float

    @property
    def work(self) -> float:
        """Return the seconds of colleagues' work."""
        return self.count * self.seconds


@dataclass(frozen=True, slots=True)
class Row:
    """A recheck with what has become of its checks."""

    recheck: Recheck
    outcome: Outcome


def recheckable(*, moderator: User, scope: Scope, now: datetime) -> QuerySet[Decision]:
    """Return the moderator's answers that a recheck would open a check of, newest first.

    Those whose label is live and speaks of the product as it is, that no colleague has checked,
    and whose product is not in review anyway.
    """
    product = ReviewItem.objects.filter(product=OuterRef("product"))
    is_checked = Exists(
        Decision.objects.filter(
            item__checks=OuterRef("pk"), verdict__in=_ANSWERS, undone_by__isnull=True
        )
    )
    answers = Decision.objects.filter(
        ~Exists(product.exclude(status=ReviewStatus.RESOLVED)),
        ~is_checked,
        moderator=moderator,
        verdict__in=_ANSWERS,
        label__isnull=False,
        label__ended_at=None,
        label__input_digest=F("product__input_digest"),
    )
    since = scope.since(now)
    if since is not None:
        answers = answers.filter(decided_at__gte=since)
    return answers.order_by("-decided_at", "-pk")[: scope.most]


def preview(*, moderator: User, scope: Scope, now: datetime) -> Preview:
    """Say what a recheck would cost, before anybody orders it."""
    moments = recheckable(moderator=moderator, scope=scope, now=now).values("decided_at")
    found = moments.aggregate(count=Count("decided_at"), since=Min("decided_at"))
    return Preview(found["count"], found["since"], _seconds_of_a_check())


def rechecks_of(*, moderator: User) -> list[Row]:
    """Return all rechecks and demotions of one person, newest first; two queries."""
    return _with_outcomes(Recheck.objects.filter(moderator=moderator))


def rechecks_under_way(*, most: int = 20) -> list[Row]:
    """Return the newest ones that nobody has taken back and on which colleagues are still at work,
    demotions among them; two queries."""
    waiting = ReviewItem.objects.filter(recheck=OuterRef("pk")).exclude(
        status=ReviewStatus.RESOLVED
    )
    running = Recheck.objects.filter(Q(Exists(waiting)) | Q(demotes=True), undone_at=None)
    return _with_outcomes(running, most)


def demotion_of(*, moderator_id: int) -> Recheck | None:
    """Return the demotion in force, of which there is one at most."""
    return in_force().filter(moderator=moderator_id).first()


def demoted_ids() -> set[int]:
    """Ids of everybody whose every answer is checked."""
    return set(in_force().values_list("moderator_id", flat=True))


def in_force() -> QuerySet[Recheck]:
    return Recheck.objects.filter(demotes=True, undone_at=None)


def _with_outcomes(rechecks: QuerySet[Recheck], most: int | None = None) -> list[Row]:
    people = rechecks.select_related("moderator", "lead", "undone_by")
    found = list(people.order_by("-opened_at", "-pk")[:most])
    outcomes = _outcomes([recheck.pk for recheck in found])
    return [Row(recheck, outcomes.get(recheck.pk, Outcome())) for recheck in found]


def _outcomes(ids: Collection[int]) -> dict[int, Outcome]:
    answer = Decision.objects.filter(
        item=OuterRef("pk"), verdict__in=_ANSWERS, undone_by__isnull=True, adjudication=None
    )
    same = answer.filter(category=OuterRef("checks__category"))
    what = Case(
        When(Q(checks=None) & ~Q(status=ReviewStatus.RESOLVED), then=Value("dropped")),
        When(~Q(status=ReviewStatus.RESOLVED), then=Value("waiting")),
        When(Q(checks=None), then=Value("dropped")),
        When(Exists(same), then=Value("confirmed")),
        When(Exists(answer), then=Value("changed")),
        default=Value("dropped"),
    )
    rows = ReviewItem.objects.filter(recheck__in=ids).annotate(what=what)
    counts: dict[int, dict[str, int]] = {}
    for recheck, became, count in rows.values_list("recheck", "what").annotate(Count("pk")):
        counts.setdefault(recheck, {})[became] = count
    return {recheck: Outcome(**became) for recheck, became in counts.items()}


def _seconds_of_a_check() -> float:
    """Median seconds of a second opinion or, while there are too few, of any review."""
    rows = QueueMeasure.objects.filter(kind=Measured.SECONDS, family=None, count__gte=ENOUGH)
    medians = dict(rows.values_list("reason", "value"))
    return float(medians.get(ReviewReason.SECOND_OPINION) or medians.get("") or USUAL_SECONDS)
