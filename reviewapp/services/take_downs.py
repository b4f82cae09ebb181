"""Taking a product out of the shop because of reports, and putting it back.

Each function runs inside the caller's transaction, with the product locked.
"""

from datetime import datetime

from reviewapp.choices import ProductStatus
from reviewapp.models import Product, ReportCase, TakeDown
from reviewapp.selectors.take_downs import standing_take_down
from reviewapp.services.listing import take_down_product


def take_down(*, case: ReportCase, product: Product, now: datetime) -> None:
    """Take the listed product out of the shop, and write down on what grounds.

    The row is the statement of reasons that the seller reads and may contest.
    """
    if case.item is None or product.category is None:
        raise ValueError(f"Nobody would decide about product {product.pk}.")
    TakeDown.objects.create(
        product=product,
        case=case,
        item=case.item,
        policy=case.policy,
        category=product.category,
        input_digest=product.input_digest,
        report_count=len(case.arithmetic.get("voices", [])) + case.arithmetic.get("unheard", 0),
        taken_down_at=now,
    )
    take_down_product(product=product)


def restore(*, product: Product, now: datetime) -> bool:
    """Put the product back where reports took it from, unless it has changed since; say whether."""
    taken = standing_take_down(product)
    if taken is None:
        return False
    product.status, product.category = ProductStatus.LISTED, taken.category
    product.save(update_fields=["status", "category", "updated_at"])
    taken.restored_at = now
    taken.save(update_fields=["restored_at"])
    return True
