"""Review: opening a product's one case, and handing it out by lease.

Deciding it is in `reviewapp.services.decisions`. Locks are always taken in the order product,
review item, labels and reports.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from reviewapp.choices import MemberChoice, ReviewReason, ReviewStatus, ServedBy
from reviewapp.domain import queues
from reviewapp.domain import review as rules
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import Prediction, Product, ReviewItem, Route, User
from reviewapp.selectors.review.queue import in_queue

# One statement: two moderators never read the same free row, and neither waits for the other.
# MATERIALIZED: the row is chosen and locked once, whatever the planner thinks of the join.
_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT item.id
    FROM reviewapp_reviewitem item
    WHERE {free} AND {queue}
      AND item.not_for_id IS DISTINCT FROM %(moderator)s
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_reviewitem_skipped_by skip
          WHERE skip.reviewitem_id = item.id AND skip.user_id = %(moderator)s
      )
    ORDER BY {order}
    LIMIT 1
    FOR UPDATE OF item SKIP LOCKED
)
UPDATE reviewapp_reviewitem AS item
SET status = 'claimed', claimed_by_id = %(moderator)s, claim_expires_at = %(until)s,
    first_seen_at = coalesce(item.first_seen_at, %(now)s),
    served_by = %(served_by)s, serving_probability = %(probability)s
FROM free
WHERE item.id = free.id
RETURNING item.id
"""
_FREE = """item.status <> 'resolved'
      AND (item.status = 'pending' OR item.claim_expires_at <= %(now)s)
      AND (item.escalated_at IS NULL OR %(is_lead)s)"""
_WITH_REASON = "item.reasons @> ARRAY[%(reason)s]::varchar(20)[]"
# A blind item in the queue of a family would tell what FUSION said.
_OF_FAMILY = "NOT item.is_blind AND item.family_id = (SELECT id FROM reviewapp_categoryfamily WHERE slug = %(family)s)"
_OF_DEMO = (
    "EXISTS (SELECT 1 FROM reviewapp_product product"
    " WHERE product.id = item.product_id AND product.is_demo)"
)
_BY_RANK = "item.rank DESC, item.id"
_BY_LOT = "item.draw"
_DRAWS = """
SELECT item.draw FROM reviewapp_reviewitem item WHERE {free} AND item.draw >= %(start)s
ORDER BY item.draw LIMIT %(most)s
"""
_MOST_DRAWS = 64


@dataclass(eq=False)
class TooManyHeld(Exception):
    """A moderator may hold only a few items at a time, so that colleagues find some too."""

    held: int


def lease_end(now: datetime) -> datetime:
    """Return until when an item claimed at `now` is held without a further sign of life."""
    return now + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)


@transaction.atomic
def open_item(
    *,
    product: Product,
    reasons: Sequence[ReviewReason],
    priority: float,
    now: datetime,
    route: Route | None = None,
) -> ReviewItem:
    """Open the product's one review item, or add `reasons` to the open one.

    Locks the product row, so that two callers cannot open two items. A higher priority raises
    the item's; a lower one leaves it. An audit is blind, since the answer must come before the
    models' answers are seen: any further reason keeps it so, and an audit that joins an open item
    makes it so, unless somebody has seen the item already.
    """
    Product.objects.select_for_update(no_key=True).only("id").get(pk=product.pk)
    item = (
        ReviewItem.objects.select_for_update(no_key=True)
        .filter(product=product)
        .exclude(status=ReviewStatus.RESOLVED)
        .first()
    )
    if item is None:
        return ReviewItem.objects.create(
            product=product,
            route=route,
            reasons=list(reasons),
            priority=priority,
            is_blind=ReviewReason.AUDIT in reasons,
            family_id=_family_id(product),
            opened_at=now,
        )
    item.reasons = list(dict.fromkeys([*item.reasons, *reasons]))
    item.priority = max(item.priority, priority)
    item.route = route or item.route
    item.family_id = _family_id(product)
    is_unseen = item.status == ReviewStatus.PENDING and item.first_seen_at is None
    item.is_blind = item.is_blind or (is_unseen and ReviewReason.AUDIT in reasons)
    item.save(update_fields=["reasons", "priority", "route", "is_blind", "family"])
    return item


@transaction.atomic
def claim_next(
    *,
    moderator: User,
    now: datetime,
    queue: ReviewQueue = EVERYTHING,
    have: Collection[int] = (),
    only_demo: bool = False,
    draw: Callable[[], float] = random.random,
) -> int | None:
    """Hand `moderator` an item of `queue` and return its id, or None when none is free.

    `have` are items already on the moderator's page. One that the moderator holds beside them
    comes first, with its lease renewed, so that a reloaded page gets its item back. Then comes
    the free item of the highest rank or, from the queue of everything and with the probability
    REVIEW_EXPLORATION, one by lot; none that the moderator skipped, or that checks his or her
    own answer. How it was served and how likely that was is stored with the item.
    `only_demo` leaves everything but demo products alone. `draw`: uniform in [0, 1).
    Never waits for a colleague's claim. Raises TooManyHeld at MOST_HELD items.
    """
    held = _held_by(moderator).filter(claim_expires_at__gt=now)
    own = in_queue(held.exclude(pk__in=have), queue)
    if only_demo:
        own = own.filter(product__is_demo=True)
    own_id = own.order_by("-rank", "id").values_list("pk", flat=True).first()
    if own_id is not None and _renew(moderator, [own_id], now) == [own_id]:
        return own_id
    count = held.count()
    if count >= rules.MOST_HELD:
        raise TooManyHeld(count)
    return _claim_free(_Ask(moderator, now, queue, only_demo, draw))


def extend_claims(*, moderator: User, item_ids: Collection[int], now: datetime) -> list[int]:
    """Renew the leases among `item_ids` that are still the moderator's; return their ids.

    A lease that lapsed is renewed too as long as nobody else has taken the item.
    """
    return _renew(moderator, item_ids, now)


def leave_items(*, moderator: User, item_ids: Collection[int], now: datetime) -> int:
    """Let the items go shortly, when the page they are on is left; return how many.

    The pause lets a reload of the page keep them. A decision that comes in later still counts
    as long as nobody else has taken the item.
    """
    return (
        _held_by(moderator)
        .filter(pk__in=item_ids, claim_expires_at__gt=now + rules.LEAVE_GRACE)
        .update(claim_expires_at=now + rules.LEAVE_GRACE)
    )


def release_all(*, moderator: User) -> int:
    """Free at once everything the moderator holds; return how many items."""
    return _held_by(moderator).update(
        status=ReviewStatus.PENDING, claimed_by=None, claim_expires_at=None
    )


def forget_skips(*, moderator: User) -> int:
    """Let the moderator be handed again what he or she skipped; return how many open items."""
    skipped = ReviewItem.skipped_by.through.objects.filter(user_id=moderator.pk)
    open_skipped = skipped.exclude(reviewitem__status=ReviewStatus.RESOLVED)
    count, _per_model = open_skipped.delete()
    return count


def _held_by(moderator: User) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(status=ReviewStatus.CLAIMED, claimed_by=moderator)


def _renew(moderator: User, item_ids: Collection[int], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reviewapp_reviewitem SET claim_expires_at = %s"
            " WHERE id = ANY(%s) AND status = 'claimed' AND claimed_by_id = %s RETURNING id",
            [lease_end(now), list(item_ids), moderator.pk],
        )
        return [row[0] for row in cursor.fetchall()]


def _family_id(product: Product) -> int | None:
    newest = Prediction.objects.filter(
        product=product, member=MemberChoice.FUSION, input_digest=product.input_digest
    ).order_by("-created_at", "-id")
    return newest.values_list("category__family_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class _Ask:
    moderator: User
    now: datetime
    queue: ReviewQueue
    only_demo: bool
    draw: Callable[[], float]

    def values(self) -> dict[str, Any]:
        return {
            "moderator": self.moderator.pk,
            "is_lead": self.moderator.has_perm("reviewapp.lead_review"),
            "reason": self.queue.reason,
            "family": self.queue.family,
            "now": self.now,
            "until": lease_end(self.now),
        }

    def limits(self) -> str:
        """Return the SQL of what the queue holds."""
        limits = [_WITH_REASON] if self.queue.reason else []
        limits += [_OF_FAMILY] if self.queue.family else []
        limits += [_OF_DEMO] if self.only_demo else []
        return " AND ".join(limits) or "true"


def _claim_free(ask: _Ask) -> int | None:
    # A limited queue is somebody's choice: a lot there would walk past what is not in it.
    share = settings.REVIEW_EXPLORATION if ask.queue.is_everything and not ask.only_demo else 0.0
    values = ask.values()
    start = ask.draw()
    with connection.cursor() as cursor:
        waiting = _waiting(cursor, values, start) if share else 1.0
        if share and ask.draw() < share:
            values["probability"] = queues.serving_probability(ServedBy.RANDOM, share, waiting)
            values |= {"served_by": ServedBy.RANDOM.value, "start": start}
            for above in ("item.draw >= %(start)s", "item.draw < %(start)s"):
                if (item_id := _claim(cursor, values, above, _BY_LOT)) is not None:
                    return item_id
        values["probability"] = queues.serving_probability(ServedBy.RANK, share, waiting)
        values["served_by"] = ServedBy.RANK.value
        return _claim(cursor, values, ask.limits(), _BY_RANK)


def _waiting(cursor: Any, values: dict[str, Any], start: float) -> float:
    cursor.execute(_DRAWS.format(free=_FREE), values | {"start": start, "most": _MOST_DRAWS})
    return queues.waiting_estimate([row[0] for row in cursor.fetchall()], start, _MOST_DRAWS)


def _claim(cursor: Any, values: dict[str, Any], limits: str, order: str) -> int | None:
    cursor.execute(_CLAIM.format(free=_FREE, queue=limits, order=order), values)
    row = cursor.fetchone()
    return row[0] if row else None
