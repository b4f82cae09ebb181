"""Opening a product's one review item."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from reviewapp.choices import MemberChoice, ReviewReason, ReviewStatus
from reviewapp.models import Prediction, Product, ReviewItem, Route


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


def _family_id(product: Product) -> int | None:
    newest = Prediction.objects.filter(
        product=product, member=MemberChoice.FUSION, input_digest=product.input_digest
    ).order_by("-created_at", "-id")
    return newest.values_list("category__family_id", flat=True).first()
