"""Review: opening a product's one case, and handing it out by lease.

Deciding it is in `reviewapp.services.decisions`. Locks are always taken in the order product,
review item, labels and reports.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.domain import review as rules
from reviewapp.models import Product, ReviewItem, Route, User

# One statement: two moderators never read the same free row, and neither waits for the other.
# MATERIALIZED: the row is chosen and locked once, whatever the planner thinks of the join.
_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT item.id
    FROM reviewapp_reviewitem item
    WHERE item.status <> 'resolved'
      AND (item.status = 'pending' OR item.claim_expires_at <= %(now)s)
      AND (item.escalated_at IS NULL OR %(is_lead)s)
      AND item.not_for_id IS DISTINCT FROM %(moderator)s
      AND (%(reason)s::text IS NULL OR item.reasons @> ARRAY[%(reason)s]::varchar[])
      AND (NOT %(only_demo)s OR EXISTS (
          SELECT 1 FROM reviewapp_product product
          WHERE product.id = item.product_id AND product.is_demo
      ))
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_reviewitem_skipped_by skip
          WHERE skip.reviewitem_id = item.id AND skip.user_id = %(moderator)s
      )
    ORDER BY item.priority DESC, item.opened_at, item.id
    LIMIT 1
    FOR UPDATE OF item SKIP LOCKED
)
UPDATE reviewapp_reviewitem AS item
SET status = 'claimed', claimed_by_id = %(moderator)s, claim_expires_at = %(until)s,
    first_seen_at = coalesce(item.first_seen_at, %(now)s)
FROM free
WHERE item.id = free.id
RETURNING item.id
"""


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
            opened_at=now,
        )
    item.reasons = list(dict.fromkeys([*item.reasons, *reasons]))
    item.priority = max(item.priority, priority)
    item.route = route or item.route
    is_unseen = item.status == ReviewStatus.PENDING and item.first_seen_at is None
    item.is_blind = item.is_blind or (is_unseen and ReviewReason.AUDIT in reasons)
    item.save(update_fields=["reasons", "priority", "route", "is_blind"])
    return item


@transaction.atomic
def claim_next(
    *,
    moderator: User,
    now: datetime,
    reason: ReviewReason | None = None,
    have: Collection[int] = (),
    only_demo: bool = False,
) -> int | None:
    """Hand `moderator` an item and return its id, or None when none is free.

    `have` are items already on the moderator's page. One that the moderator holds beside them
    comes first, with its lease renewed, so that a reloaded page gets its item back. Then comes
    the most urgent free item, or free item with `reason`; none that the moderator skipped.
    `only_demo` leaves everything but demo products alone. Never waits for a colleague's claim.
    Raises TooManyHeld at MOST_HELD items.
    """
    held = _held_by(moderator).filter(claim_expires_at__gt=now)
    own = held.exclude(pk__in=have)
    if reason is not None:
        own = own.filter(reasons__contains=[reason])
    if only_demo:
        own = own.filter(product__is_demo=True)
    own_id = own.order_by("-priority", "opened_at", "id").values_list("pk", flat=True).first()
    if own_id is not None and _renew(moderator, [own_id], now) == [own_id]:
        return own_id
    count = held.count()
    if count >= rules.MOST_HELD:
        raise TooManyHeld(count)
    return _claim_free(moderator, now, reason, only_demo)


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


def _claim_free(
    moderator: User, now: datetime, reason: ReviewReason | None, only_demo: bool
) -> int | None:
    values = {
        "moderator": moderator.pk,
        "is_lead": moderator.has_perm("reviewapp.lead_review"),
        "reason": reason.value if reason else None,
        "only_demo": only_demo,
        "now": now,
        "until": lease_end(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        row = cursor.fetchone()
    return row[0] if row else None
