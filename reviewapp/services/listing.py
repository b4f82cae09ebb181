"""Putting a product under a category in the shop, and taking it out."""

from datetime import datetime

from reviewapp.choices import ProductStatus
from reviewapp.models import Category, Product


def list_product(*, product: Product, category: Category, now: datetime) -> None:
    """List `product` under `category`. The first time of listing is kept when it only moves."""
    product.category = category
    product.status = ProductStatus.LISTED
    product.listed_at = product.listed_at or now
    product.save(update_fields=["category", "status", "listed_at", "updated_at"])


def hold_product(*, product: Product) -> None:
    """Keep `product` out of the shop until a moderator has decided.

    A listed one that has changed is listed anew then; one that was taken down keeps its first time.
    """
    if product.status == ProductStatus.LISTED:
        product.listed_at = None
    product.category = None
    product.status = ProductStatus.IN_REVIEW
    product.save(update_fields=["category", "status", "listed_at", "updated_at"])


def take_down_product(*, product: Product) -> None:
    """Take a listed `product` out of the shop for a while; when it was first listed stays known."""
    product.category = None
    product.status = ProductStatus.IN_REVIEW
    product.save(update_fields=["category", "status", "updated_at"])
