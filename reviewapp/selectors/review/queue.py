"""What the queue looks like to one moderator, told honestly when it seems empty."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from reviewapp.choices import ReviewStatus
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import ReviewItem, User
from reviewapp.selectors.accounts import decided_today

# Beyond this a number tells nobody anything and costs a scan: "1,000+".
COUNT_UP_TO = 1000


@dataclass(frozen=True, slots=True)
class Holder:
    """A colleague and how many items he or she holds."""

    name: str
    items: int


@dataclass(frozen=True, slots=True)
class QueueState:
    """Numbers of open items as one moderator meets them; each at most COUNT_UP_TO.

    free: may be handed out now; mine: held by this moderator; held: with colleagues, of which
    the first comes free at `next_free_at` unless its holder is still at it; skipped: by
    this moderator; with_lead: escalated, out of this moderator's reach
    """

    free: int
    mine: int
    held: int
    next_free_at: datetime | None
    holders: list[Holder]
    skipped: int
    with_lead: int
    decided_today: int
    queue: ReviewQueue = EVERYTHING

    @property
    def left(self) -> int:
        """Items that this moderator can still come to, those on the page included."""
        return self.free + self.mine

    @property
    def is_more(self) -> bool:
        return self.free >= COUNT_UP_TO


def in_queue(items: QuerySet[ReviewItem], queue: ReviewQueue) -> QuerySet[ReviewItem]:
    """Limit `items` to those of `queue`. A family's has no blind item: it would give FUSION away."""
    if queue.reason is not None:
        items = items.filter(reasons__contains=[queue.reason])
    if queue.family:
        items = items.filter(family__slug=queue.family, is_blind=False)
    return items


def queue_state(*, moderator: User, now: datetime, queue: ReviewQueue = EVERYTHING) -> QueueState:
    """Read the state of the queue for `moderator`, limited to `queue`."""
    items = in_queue(ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED), queue)
    live = Q(status=ReviewStatus.CLAIMED, claim_expires_at__gt=now)
    skipped = Q(pk__in=_skipped_ids(moderator))
    is_lead = moderator.has_perm("reviewapp.lead_review")
    escalated = Q(pk__in=[]) if is_lead else Q(escalated_at__isnull=False)
    held = items.filter(live).exclude(claimed_by=moderator)
    next_free, holders = _with_colleagues(held)
    return QueueState(
        free=_count(items.exclude(live | skipped | escalated)),
        mine=_count(items.filter(live, claimed_by=moderator)),
        held=sum(holder.items for holder in holders),
        next_free_at=next_free,
        holders=holders,
        skipped=_count(items.filter(skipped).exclude(live | escalated)),
        with_lead=_count(items.filter(escalated).exclude(live)),
        decided_today=decided_today(moderator=moderator, now=now),
        queue=queue,
    )


def _skipped_ids(moderator: User) -> QuerySet[ReviewItem.skipped_by.through]:  # type: ignore[name-defined]
    through = ReviewItem.skipped_by.through.objects
    return through.filter(user_id=moderator.pk).values("reviewitem_id")


def _count(items: QuerySet[ReviewItem]) -> int:
    return items.order_by()[:COUNT_UP_TO].count()


def _with_colleagues(held: QuerySet[ReviewItem]) -> tuple[datetime | None, list[Holder]]:
    rows = held.values_list("claimed_by__username").annotate(
        items=Count("pk"), first=Min("claim_expires_at")
    )
    found = list(rows.order_by("claimed_by__username"))
    soonest = min((first for _name, _items, first in found), default=None)
    return soonest, [Holder(name, items) for name, items, _first in found]
