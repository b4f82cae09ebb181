"""What waits, how old it is, how fast it is worked off, and who has what in hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import TruncHour

from reviewapp.models import ReviewItem
from reviewapp.selectors.review.free import is_held, unresolved
from reviewapp.selectors.standing import answers_since

# Counting more would cost a page its speed and tell a lead nothing more.
COUNT_UP_TO = 100_000
HOURS = 24


@dataclass(frozen=True, slots=True)
class Load:
    """Open items; each number at most COUNT_UP_TO.

    old: those that wait for more than a day; seconds_left: to work everything off at the pace of
    the last 24 hours, None when nobody has decided
    """

    open: int
    held: int
    escalated: int
    old: int
    oldest_at: datetime | None
    seconds_left: float | None

    @property
    def is_more(self) -> bool:
        return self.open >= COUNT_UP_TO


@dataclass(frozen=True, slots=True)
class Hour:
    """Answers given in the hour from `start`; `height` is 0..100 of the busiest hour."""

    start: datetime
    decided: int
    height: float

    @property
    def top(self) -> float:
        return 100 - self.height


def load(*, now: datetime, decided: int) -> Load:
    """Read the load; `decided`: answers of the last 24 hours."""
    items = unresolved()
    count = _count(items)
    # Two by their indexes: one holds what is with a lead, the other everything else.
    in_queue, asked = items.filter(escalated_at=None), items.filter(escalated_at__isnull=False)
    oldest = [part.aggregate(at=Min("opened_at"))["at"] for part in (in_queue, asked)]
    old = Q(opened_at__lt=now - timedelta(days=1))
    return Load(
        open=count,
        held=_count(held_now(now=now)),
        escalated=_count(asked),
        old=min(_count(in_queue.filter(old)) + _count(asked.filter(old)), COUNT_UP_TO),
        oldest_at=min((at for at in oldest if at is not None), default=None),
        seconds_left=count / decided * HOURS * 3600 if decided else None,
    )


def held_now(*, now: datetime) -> QuerySet[ReviewItem]:
    """Items that somebody holds under a live lease, with holder and product."""
    held = ReviewItem.objects.filter(is_held(now))
    return held.select_related("claimed_by", "product").order_by("claimed_by__username", "pk")


def per_hour(*, now: datetime) -> list[Hour]:
    """Return the last 24 hours, oldest first, the present one included."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    starts = [this_hour - timedelta(hours=back) for back in reversed(range(HOURS))]
    rows = (
        answers_since(starts[0])
        .annotate(hour=TruncHour("decided_at", tzinfo=now.tzinfo))
        .values_list("hour")
        .annotate(count=Count("pk"))
    )
    counts = dict(rows.order_by())
    most = max(counts.values(), default=0) or 1
    return [Hour(s, counts.get(s, 0), round(100 * counts.get(s, 0) / most, 1)) for s in starts]


def _count(items: QuerySet[ReviewItem]) -> int:
    return items.order_by()[:COUNT_UP_TO].count()
