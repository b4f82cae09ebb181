"""Who holds what, and what became of an item that somebody held no more."""

from dataclasses import dataclass
from datetime import datetime

from reviewapp.choices import ReviewStatus, Verdict
from reviewapp.models import Decision, ReviewItem, User
from reviewapp.selectors.review.free import is_held

_MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class LostClaim:
    """An item that went to somebody else. decision: what was decided meanwhile, if anything"""

    item: ReviewItem
    decision: Decision | None


def held_by_colleagues(*, moderator: User, now: datetime) -> list[ReviewItem]:
    """Return what colleagues hold at `now`, the first to come free first; never what a model said.

    Nor a check of one's own answer, nor what measures a colleague: whoever reads that would know.
    """
    held = ReviewItem.objects.filter(is_held(now), only_for=None)
    others = held.exclude(claimed_by=moderator).exclude(not_for=moderator)
    others = others.select_related("claimed_by", "product")
    return list(others.order_by("claim_expires_at", "pk")[:_MOST_SHOWN])


def lost_claim(*, item_id: int) -> LostClaim:
    """Return the item with the newest standing decision on it. Raises ReviewItem.DoesNotExist."""
    item = ReviewItem.objects.select_related("product", "claimed_by").get(pk=item_id)
    # An open blind item may yet be answered by the one who asks: nothing about it is told.
    if item.is_blind and item.status != ReviewStatus.RESOLVED:
        return LostClaim(item, None)
    standing = Decision.objects.filter(item=item, undone_by=None).exclude(verdict=Verdict.UNDONE)
    newest = standing.select_related("moderator", "category__family").order_by("-pk").first()
    return LostClaim(item, newest)
