"""Opening a product's one review item."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from reviewapp.choices import MemberChoice, ReviewReason, ReviewStatus
from reviewapp.domain.checks import reasons_after
from reviewapp.domain.priority import ExpectedCost
from reviewapp.models import Category, Prediction, Product, ReviewItem, Route
from reviewapp.services.checks import is_drawn_blind

_REFRESHED = [
    "reasons",
    "priority",
    "expected_cost",
    "route",
    "is_blind",
    "suggested",
    "family",
    "group_key",
    "checks",
    "known_answer",
    "only_for",
]


@transaction.atomic
def open_item(
    *,
    product: Product,
    reasons: Sequence[ReviewReason],
    priority: float | ExpectedCost,
    now: datetime,
    route: Route | None = None,
) -> ReviewItem:
    """Open the product's one review item, or add `reasons` to the open one.

    Locks the product row, so that two callers cannot open two items. A higher priority raises
    the item's; a lower one leaves it. What a priority was made of is kept with it. An audit is
    blind, since the answer must come before the models' answers are seen: any further reason keeps
    it so, and an audit that joins an open item makes it so, unless somebody has seen it already.
    REVIEW_BLIND_SHARE of all other items to which FUSION has an answer are blind, too, and whatever
    will be double-labelled; never an appeal, whose words a blind card would hide. A check that gets
    a reason of its own is a check no longer: its answer decides.
    """
    Product.objects.select_for_update(no_key=True).only("id").get(pk=product.pk)
    item = (
        ReviewItem.objects.select_for_update(no_key=True)
        .filter(product=product)
        .exclude(status=ReviewStatus.RESOLVED)
        .first()
    )
    answer = _suggested(product)
    if item is None:
        item = ReviewItem(
            product=product,
            route=route,
            reasons=list(reasons),
            is_blind=ReviewReason.AUDIT in reasons,
            opened_at=now,
        )
        _raise_priority(item, priority)
    else:
        _join(item, reasons)
        item.route = route or item.route
        if _number(priority) > item.priority:
            _raise_priority(item, priority)
    item.suggested = answer
    item.family_id = answer.family_id if answer else None
    item.group_key = product.group_key
    is_new = item.pk is None
    item.save(update_fields=None if is_new else _REFRESHED)
    is_open = is_new and not item.is_blind and ReviewReason.SELLER_APPEAL not in reasons
    if is_open and is_drawn_blind(item_id=item.pk, has_answer=answer is not None):
        item.is_blind = True
        item.save(update_fields=["is_blind"])
    return item


def _join(item: ReviewItem, reasons: Sequence[ReviewReason]) -> None:
    present = [ReviewReason(reason) for reason in item.reasons]
    item.reasons = reasons_after(present, list(reasons))
    if ReviewReason.SECOND_OPINION not in item.reasons:
        item.checks = None
    if ReviewReason.GOLD not in item.reasons:
        item.known_answer = item.only_for = None
    if item.status == ReviewStatus.PENDING and item.first_seen_at is None:
        if ReviewReason.AUDIT in item.reasons:
            item.is_blind = True
        elif ReviewReason.SELLER_APPEAL in item.reasons:
            item.is_blind = False


def _raise_priority(item: ReviewItem, priority: float | ExpectedCost) -> None:
    item.priority = _number(priority)
    item.expected_cost = priority.as_json() if isinstance(priority, ExpectedCost) else None


def _number(priority: float | ExpectedCost) -> float:
    return priority.priority if isinstance(priority, ExpectedCost) else priority


def _suggested(product: Product) -> Category | None:
    """Return what FUSION answered last to the product's present text and picture."""
    newest = (
        Prediction.objects.filter(
            product=product, member=MemberChoice.FUSION, input_digest=product.input_digest
        )
        .select_related("category")
        .order_by("-created_at", "-id")
        .first()
    )
    return newest.category if newest else None
