"""What a moderator holds, and for how long."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from reviewapp.choices import ReviewStatus
from reviewapp.domain import review as rules
from reviewapp.models import ReviewItem, User


def lease_end(now: datetime) -> datetime:
    """Return until when an item claimed at `now` is held without a further sign of life."""
    return now + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)


def is_free(item: ReviewItem, now: datetime) -> bool:
    """Say whether no moderator has it in hand; a claim that has run out holds nothing."""
    has_holder = item.claim_expires_at is not None and item.claim_expires_at > now
    return not has_holder and item.escalated_at is None


def extend_claims(*, moderator: User, item_ids: Collection[int], now: datetime) -> list[int]:
    """Renew the leases among `item_ids` that are still the moderator's; return their ids.

    A lease that lapsed is renewed too as long as nobody else has taken the item.
    """
    return renew(moderator, item_ids, now)


def leave_items(*, moderator: User, item_ids: Collection[int], now: datetime) -> int:
    """Let the items go shortly, when the page they are on is left; return how many.

    The pause lets a reload of the page keep them. A decision that comes in later still counts
    as long as nobody else has taken the item.
    """
    return (
        held_by(moderator)
        .filter(pk__in=item_ids, claim_expires_at__gt=now + rules.LEAVE_GRACE)
        .update(claim_expires_at=now + rules.LEAVE_GRACE)
    )


def release_all(*, moderator: User) -> int:
    """Free at once everything the moderator holds; return how many items."""
    return held_by(moderator).update(
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


def renew(moderator: User, item_ids: Collection[int], now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reviewapp_reviewitem SET claim_expires_at = %s"
            " WHERE id = ANY(%s) AND status = 'claimed' AND claimed_by_id = %s RETURNING id",
            [lease_end(now), list(item_ids), moderator.pk],
        )
        return [row[0] for row in cursor.fetchall()]
