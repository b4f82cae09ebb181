"""Which reports keep a product out of the shop."""

from reviewapp.choices import ProductStatus, ReviewStatus
from reviewapp.models import Product, TakeDown


def standing_take_down(product: Product) -> TakeDown | None:
    """The take-down that waits for a moderator's word on the product as it is now."""
    if product.status != ProductStatus.IN_REVIEW:
        return None
    open_ones = TakeDown.objects.filter(
        product=product, input_digest=product.input_digest, restored_at=None
    ).exclude(item__status=ReviewStatus.RESOLVED)
    return open_ones.select_related("category").order_by("-taken_down_at", "-id").first()
