"""What a moderator holds, and for how long."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from reviewapp.choices import ReviewStatus, ServedBy
from reviewapp.domain import review as rules
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import Product, ReviewItem, User
from reviewapp.selectors.review.free import is_held
from reviewapp.selectors.review.queue import held_in_queue


def lease_end(now: datetime) -> datetime:
    """Return until when an item claimed at `now` is held without a further sign of life."""
    return now + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)


def is_free(item: ReviewItem, now: datetime) -> bool:
    """Say whether no moderator has it in hand; a claim that has run out holds nothing."""
    has_holder = item.claim_expires_at is not None and item.claim_expires_at > now
    return not has_holder and item.escalated_at is None


def extend_claims(
    *, moderator: User, item_ids: Collection[int], now: datetime, page: UUID | None = None
) -> list[int]:
    """Renew the leases among `item_ids` that are still the moderator's; return their ids.

    A lease that lapsed is renewed too as long as nobody else has taken the item. What no page has
    shown yet is the caller's `page`'s from now on; what another page of the moderator's shows is
    neither renewed nor returned.
    """
    return renew(moderator, item_ids, now, page)


def leave_items(
    *, moderator: User, item_ids: Collection[int], now: datetime, page: UUID | None = None
) -> int:
    """Let the items go shortly, when the page they are on is left; return how many.

    Only those of `page`, and of none: a second tab keeps what it shows. The pause lets a reload of
    the page keep them. A decision that comes in later still counts as long as nobody else has taken
    the item.
    """
    return (
        held_by(moderator)
        .filter(of_page(page), pk__in=item_ids, claim_expires_at__gt=now + rules.LEAVE_GRACE)
        .update(claim_expires_at=now + rules.LEAVE_GRACE)
    )


def take_over(
    *, moderator: User, now: datetime, page: UUID | None = None, queue: ReviewQueue = EVERYTHING
) -> int:
    """Bring to `page`, which works on `queue`, what the moderator's other pages show of it, or showed
    when they crashed; return how many items.

    What the queue would pass over stays where it is shown. A page that lives on learns of it with
    its next sign of life. Grids stay where they are.
    """
    elsewhere = held_by(moderator).filter(is_held(now)).exclude(of_page(page))
    mine = held_in_queue(
        elsewhere.exclude(served_by=ServedBy.BULK), queue, moderator=moderator, now=now
    )
    return mine.update(claim_page=page, claim_expires_at=lease_end(now))


def release_all(*, moderator: User, now: datetime) -> int:
    """Free at once everything the moderator holds; return how many items.

    Answers that wait in a browser still count as long as nobody else has taken the item.
    """
    return held_by(moderator).filter(claim_expires_at__gt=now).update(claim_expires_at=now)


def give_up(*, product: Product, party: User) -> None:
    """Take the product's item from a moderator who may not answer it any more."""
    mine = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).filter(product=product)
    mine.filter(assigned_to=party).update(assigned_to=None, assigned_until=None)
    held_by(party).filter(product=product).update(
        status=ReviewStatus.PENDING, claimed_by=None, claim_expires_at=None
    )


def forget_skips(*, moderator: User) -> int:
    """Let the moderator be handed again what he or she skipped; return how many open items."""
    skipped = ReviewItem.skipped_by.through.objects.filter(user_id=moderator.pk)
    open_skipped = skipped.exclude(reviewitem__status=ReviewStatus.RESOLVED)
    count, _per_model = open_skipped.delete()
    return count


def held_by(moderator: User) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(status=ReviewStatus.CLAIMED, claimed_by=moderator)


def of_page(page: UUID | None) -> Q:
    """What the browser page shows, or none has shown yet; without one, the latter alone."""
    return Q(claim_page=None) | Q(claim_page=page)


# One statement: of two pages that reach for one item the second finds it taken.
_RENEW = """
UPDATE reviewapp_reviewitem
SET claim_expires_at = %(until)s, claim_page = coalesce(%(page)s::uuid, claim_page)
WHERE id = ANY(%(items)s) AND status = 'claimed' AND claimed_by_id = %(moderator)s
  AND (claim_page IS NULL OR claim_page = %(page)s::uuid)
RETURNING id
"""


def renew(
    moderator: User, item_ids: Collection[int], now: datetime, page: UUID | None
) -> list[int]:
    values = {
        "until": lease_end(now),
        "page": page,
        "items": list(item_ids),
        "moderator": moderator.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, values)
        return [row[0] for row in cursor.fetchall()]
