"""Review: opening a product's one case, handing it out, deciding it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.models import Product, ReviewItem, Route


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
    the item's; a lower one leaves it. An audit is blind; any further reason keeps it so, since
    the answer must come before the models' answers are seen.
    """
    Product.objects.select_for_update().only("id").get(pk=product.pk)
    item = (
        ReviewItem.objects.select_for_update()
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
    item.save(update_fields=["reasons", "priority", "route"])
    return item
