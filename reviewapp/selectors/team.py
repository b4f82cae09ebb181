"""The team: tallies, measures and alarms as they are stored, and what each has done today."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, FloatField, Max, Q, QuerySet
from django.utils import timezone

from reviewapp.choices import ComparisonKind, MeasureKind
from reviewapp.domain import comparisons
from reviewapp.domain.carelessness import Tally
from reviewapp.models import (
    Category,
    ComparisonTally,
    Decision,
    ModeratorAlarm,
    ReviewItem,
    TeamMeasure,
    User,
)
from reviewapp.selectors.rechecks import demoted_ids
from reviewapp.selectors.standing import answers_since

# What is told about a person in a table, and on the person's page, in that order.
IN_TABLES = (
    MeasureKind.AGREEMENT,
    MeasureKind.COMPETENCE,
    MeasureKind.GOLD,
    MeasureKind.ANCHORING,
)
OF_A_PERSON = (*IN_TABLES, MeasureKind.BULK)
Cell = tuple[MeasureKind, TeamMeasure | None]


class Median(Aggregate):
    """The middle value; half of the rows lie on either side."""

    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Today:
    """Answers since midnight and within the last hour; `seconds` is the median from card to answer."""

    decided: int = 0
    last_hour: int = 0
    seconds: float | None = None


@dataclass(slots=True)
class Member:
    """A moderator as a lead sees him or her."""

    user: User
    today: Today
    measures: list[Cell]
    alarm: ModeratorAlarm | None
    is_demoted: bool = False
    holds: list[ReviewItem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CategoryMeasures:
    """One category's measures, in the order asked for; None where there is none yet."""

    category: Category
    measures: list[Cell]


def all_tallies() -> dict[comparisons.Cell, Tally]:
    """Return (moderator, kind, category id, band) -> tally."""
    rows = ComparisonTally.objects.values_list(
        "moderator_id", "kind", "category_id", "band", "seen", "off"
    )
    return {
        (who, ComparisonKind(kind), category, band): Tally(seen, off)
        for who, kind, category, band, seen, off in rows
    }


def is_measuring_due() -> bool:
    """True when a decision has been made, or has settled, since the last measurement."""
    newest = Decision.objects.order_by("-decided_at").values_list("decided_at", flat=True).first()
    measured = TeamMeasure.objects.aggregate(at=Max("measured_at"))["at"]
    return newest is not None and (measured is None or newest + comparisons.GRACE > measured)


def moderators() -> QuerySet[User]:
    """Everybody who may decide, by name."""
    allowed = Q(groups__permissions__codename="add_decision")
    return User.objects.filter(allowed, is_active=True).distinct().order_by("username")


def members(*, now: datetime, held: Iterable[ReviewItem]) -> list[Member]:
    """Return everybody who may decide, those with an alarm first, then by what they did today."""
    people = list(moderators())
    done = today(people=people, now=now)
    demoted = demoted_ids()
    alarms = {alarm.moderator_id: alarm for alarm in open_alarms()}
    measured = {
        (row.moderator_id, row.kind): row
        for row in TeamMeasure.objects.filter(moderator__isnull=False, category=None)
    }
    found = {
        user.pk: Member(
            user,
            done.get(user.pk, Today()),
            [(kind, measured.get((user.pk, kind))) for kind in IN_TABLES],
            alarms.get(user.pk),
            user.pk in demoted,
        )
        for user in people
    }
    for item in held:
        if item.claimed_by_id in found:
            found[item.claimed_by_id].holds.append(item)
    return sorted(found.values(), key=lambda one: (one.alarm is None, -one.today.decided))


def today(*, people: Iterable[User], now: datetime) -> dict[int, Today]:
    """Return what each has done since midnight, by id; nobody who has done nothing."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    an_hour_ago = now - timedelta(hours=1)
    rows = (
        answers_since(min(midnight, an_hour_ago))
        .filter(moderator__in=[user.pk for user in people])
        .values_list("moderator_id")
        .annotate(
            decided=Count("pk", filter=Q(decided_at__gte=midnight)),
            last_hour=Count("pk", filter=Q(decided_at__gte=an_hour_ago)),
            middle=Median("seconds", filter=Q(decided_at__gte=midnight, is_bulk=False)),
        )
    )
    return {who: Today(decided, last, middle) for who, decided, last, middle in rows.order_by()}


def open_alarms() -> QuerySet[ModeratorAlarm]:
    return ModeratorAlarm.objects.filter(closed_at=None).select_related("moderator")


def alarms_of(*, moderator: User) -> QuerySet[ModeratorAlarm]:
    """All alarms about one person, newest first."""
    own = ModeratorAlarm.objects.filter(moderator=moderator)
    return own.select_related("closed_by").order_by("-raised_at")


def overall(*, moderator: User | None, kinds: Iterable[MeasureKind]) -> list[TeamMeasure | None]:
    """Return the measures of a person, or of the team, over all categories, in that order."""
    rows = TeamMeasure.objects.filter(moderator=moderator, category=None)
    of_kind = {row.kind: row for row in rows}
    return [of_kind.get(kind) for kind in kinds]


def by_category(*, moderator: User | None, kinds: Iterable[MeasureKind]) -> list[CategoryMeasures]:
    """Return a person's or the team's measures for each category that has any, by code."""
    wanted = list(kinds)
    rows = TeamMeasure.objects.filter(
        moderator=moderator, category__isnull=False, kind__in=wanted, sample__gt=0
    ).select_related("category__family")
    found: dict[Category, dict[str, TeamMeasure]] = {}
    for row in rows.order_by("category__code"):
        if row.category is not None:
            found.setdefault(row.category, {})[row.kind] = row
    return [
        CategoryMeasures(category, [(kind, of_kind.get(kind)) for kind in wanted])
        for category, of_kind in found.items()
    ]
