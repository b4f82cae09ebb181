"""What the queue looks like to one moderator, told honestly when it seems empty."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet

from reviewapp.choices import ServedBy, SkillKind, Verdict
from reviewapp.domain.priority import HIGH_VALUE
from reviewapp.domain.queues import EVERYTHING, ReviewQueue, Skills
from reviewapp.models import Decision, ModeratorSkill, ReviewItem, User
from reviewapp.selectors.accounts import decided_today
from reviewapp.selectors.appeals import barred_by_answers, barred_from
from reviewapp.selectors.interests import products_of_interest
from reviewapp.selectors.review.free import (
    is_assigned_to_another,
    is_held,
    is_kept_for_another,
    is_skipped,
    is_unheld,
    unresolved,
)

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

    free: may be handed out now; mine: held by this moderator, on the page that asks or on none;
    elsewhere: on another page of this moderator's; held: with colleagues, and to be handed out to
    this moderator after them, of which the first comes free at `next_free_at` unless its holder is
    still at it
    """

    free: int
    mine: int
    held: int
    next_free_at: datetime | None
    holders: list[Holder]
    decided_today: int
    elsewhere: int = 0
    queue: ReviewQueue = EVERYTHING

    @property
    def left(self) -> int:
        """Items that this moderator can still come to, those on any page included."""
        return self.here + self.elsewhere

    @property
    def here(self) -> int:
        """Items that the page that asks can still come to."""
        return self.free + self.mine

    @property
    def is_more(self) -> bool:
        return self.free >= COUNT_UP_TO


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Numbers of open items that one moderator is not handed, by why; each at most COUNT_UP_TO.

    skipped: by this moderator; with_lead: escalated; assigned: kept for others; for_others: checks,
    appeals and products of the own interest, that somebody else must answer; other_families: free,
    and of families that the moderator is not handed; in_grids: held by this moderator in a grid
    """

    skipped: int
    with_lead: int
    for_others: int
    assigned: int
    other_families: int
    in_grids: int

    @property
    def is_any(self) -> bool:
        return any(astuple(self))


def in_queue(
    items: QuerySet[ReviewItem], queue: ReviewQueue, *, moderator: User, now: datetime
) -> QuerySet[ReviewItem]:
    """Limit `items` to those of `queue`, as `moderator` meets it.

    The queues of a reason, of a family and of high value have no blind item: they would give away
    what its card hides.
    """
    if queue.is_blind:
        items = items.filter(is_blind=True)
    elif queue.reason is not None:
        items = items.filter(reasons__contains=[queue.reason], is_blind=False)
    if queue.family:
        items = items.filter(family__slug=queue.family, is_blind=False)
    if queue.days:
        items = items.filter(opened_at__lte=now - timedelta(days=queue.days))
    if queue.is_high:
        items = items.filter(priority__gte=HIGH_VALUE, is_blind=False)
    if queue.is_assigned:
        items = items.filter(assigned_to=moderator, assigned_until__gt=now)
    return items


def held_in_queue(
    held: QuerySet[ReviewItem], queue: ReviewQueue, *, moderator: User, now: datetime
) -> QuerySet[ReviewItem]:
    """Limit what `moderator` holds to `queue`, and what comes through any: what is blind, and what
    he or she has taken back, which may have been blind before."""
    if queue.is_everything:
        return held
    undone = Decision.objects.filter(
        item=OuterRef("pk"), moderator=moderator, verdict=Verdict.UNDONE
    )
    through_any = Q(is_blind=True) | Q(Exists(undone))
    within = in_queue(held, queue, moderator=moderator, now=now)
    return held.filter(through_any | Q(pk__in=within.values("pk")))


def skills_of(*, moderator: User) -> Skills:
    """Return the families that the moderator is limited to and strong in."""
    found: dict[str, set[int]] = {SkillKind.ONLY: set(), SkillKind.STRONG: set()}
    rows = ModeratorSkill.objects.filter(moderator=moderator)
    for kind, family in rows.values_list("kind", "family"):
        found[kind].add(family)
    return Skills(frozenset(found[SkillKind.ONLY]), frozenset(found[SkillKind.STRONG]))


def queue_state(
    *,
    moderator: User,
    now: datetime,
    queue: ReviewQueue = EVERYTHING,
    page: UUID | None = None,
    answered: Collection[int] = (),
) -> QueueState:
    """Read the state of the queue for `moderator` on a browser page, limited to `queue`.

    answered: ids of items that are held still, and whose answers are on their way
    """
    others = is_assigned_to_another(moderator, now)
    reachable = _meant_for(moderator, queue, now).exclude(
        is_skipped(moderator) | others | barred_from(moderator)
    )
    within = _within_skills(moderator, now)
    if within is not None:
        reachable = reachable.filter(within)
    if not _is_lead(moderator):
        reachable = reachable.filter(escalated_at=None)
    next_free, holders = _with_colleagues(
        reachable.filter(is_held(now)).exclude(claimed_by=moderator)
    )
    own = _held_by(moderator, now).exclude(Q(pk__in=answered) | Q(served_by=ServedBy.BULK))
    pages = held_in_queue(own, queue, moderator=moderator, now=now)
    here = [shown in (None, page) for shown in pages.values_list("claim_page", flat=True)]
    return QueueState(
        free=_count_within_reach(reachable.filter(is_unheld(now)), moderator),
        mine=sum(here),
        elsewhere=len(here) - sum(here),
        held=sum(holder.items for holder in holders),
        next_free_at=next_free,
        holders=holders,
        decided_today=decided_today(moderator=moderator, now=now),
        queue=queue,
    )


def out_of_reach(*, moderator: User, now: datetime, queue: ReviewQueue = EVERYTHING) -> OutOfReach:
    """Read what of `queue` the moderator is not handed, for when nothing else is left to tell."""
    asked = items = _meant_for(moderator, queue, now)
    if not (is_lead := _is_lead(moderator)):
        items = items.filter(escalated_at=None)
    skipped = items.filter(is_unheld(now) & is_skipped(moderator))
    return OutOfReach(
        skipped=_count(skipped.exclude(barred_from(moderator))),
        with_lead=0 if is_lead else _count(asked.filter(escalated_at__isnull=False)),
        for_others=_for_others(items, moderator),
        assigned=_count(items.filter(is_assigned_to_another(moderator, now))),
        other_families=_of_other_families(items.filter(is_unheld(now)), moderator, now),
        in_grids=_count(_held_by(moderator, now).filter(served_by=ServedBy.BULK)),
    )


def _held_by(moderator: User, now: datetime) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(is_held(now), claimed_by=moderator)


def _is_lead(moderator: User) -> bool:
    return moderator.has_perm("reviewapp.lead_review")


def _meant_for(moderator: User, queue: ReviewQueue, now: datetime) -> QuerySet[ReviewItem]:
    """Return what is open of `queue`, less checks of the moderator's own answers and what measures a
    colleague: neither is even counted."""
    items = in_queue(unresolved(), queue, moderator=moderator, now=now)
    return items.exclude(not_for=moderator).exclude(is_kept_for_another(moderator))


def _for_others(items: QuerySet[ReviewItem], moderator: User) -> int:
    """Counted one after the other: each kind has an index, both together would read the queue."""
    by_answers = barred_by_answers(moderator)
    own = items.filter(product__in=products_of_interest(moderator)).exclude(by_answers)
    parts = items.filter(by_answers), own
    return min(sum(_count_within_reach(part, moderator) for part in parts), COUNT_UP_TO)


def _of_other_families(items: QuerySet[ReviewItem], moderator: User, now: datetime) -> int:
    within = _within_skills(moderator, now)
    if within is None:
        return 0
    apart = is_skipped(moderator) | is_assigned_to_another(moderator, now) | barred_from(moderator)
    return _count(items.filter(escalated_at=None).exclude(within | apart))


def _within_skills(moderator: User, now: datetime) -> Q | None:
    """Return the condition of what the moderator is limited to; None for no limit."""
    allowed = skills_of(moderator=moderator).allowed
    if not allowed:
        return None
    return Q(assigned_to=moderator, assigned_until__gt=now) | Q(family__in=allowed)


def _count_within_reach(items: QuerySet[ReviewItem], moderator: User) -> int:
    """Count what is with a lead and what is not each by its indexes; there is none for both. Who is
    no lead is handed none of the former."""
    count = _count(items.filter(escalated_at=None))
    if _is_lead(moderator):
        count += _count(items.filter(escalated_at__isnull=False))
    return min(count, COUNT_UP_TO)


def _count(items: QuerySet[ReviewItem]) -> int:
    return items.order_by()[:COUNT_UP_TO].count()


def _with_colleagues(held: QuerySet[ReviewItem]) -> tuple[datetime | None, list[Holder]]:
    rows = held.values_list("claimed_by__username").annotate(
        items=Count("pk"), first=Min("claim_expires_at")
    )
    found = list(rows.order_by("claimed_by__username"))
    soonest = min((first for _name, _items, first in found), default=None)
    return soonest, [Holder(name, items) for name, items, _first in found]
