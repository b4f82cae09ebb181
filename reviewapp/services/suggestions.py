"""The seller's own word on the category of a product: kept beside everything, counted as nothing."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from reviewapp.choices import JobStatus
from reviewapp.models import Category, CategoryPreview, Product, SellerSuggestion, User
from reviewapp.selectors.suggestions import suggestion_for


@transaction.atomic
def record_suggestion(
    *,
    product: Product,
    seller: User,
    category: Category,
    now: datetime,
    preview_id: uuid.UUID | None = None,
) -> SellerSuggestion:
    """Note that the seller names `category` for the product as it is now; return the row.

    preview_id: the look ahead that the seller had seen; one of another draft or person is ignored
    Saying the same again adds nothing.
    """
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    said = suggestion_for(product)
    if said is not None and said.seller_id == seller.pk and said.category_id == category.pk:
        return said
    return SellerSuggestion.objects.create(
        product=product,
        seller=seller,
        category=category,
        input_digest=product.input_digest,
        created_at=now,
        **_seen(preview_id, product, seller),
    )


@transaction.atomic
def record_claims(*, seller: User, products: Sequence[Product], now: datetime) -> None:
    """Note the category codes that a seller's program sends along as the seller's word.

    A product without a code, or whose newest word says the same, is left alone.
    """
    claimed = {product.pk: product for product in products if product.given_code is not None}
    if not claimed:
        return
    categories = {one.code: one for one in Category.objects.filter(is_active=True)}
    words = SellerSuggestion.objects.filter(product__in=claimed).order_by("created_at", "id")
    said = {(word.product_id, word.input_digest): word.category_id for word in words}
    SellerSuggestion.objects.bulk_create(
        SellerSuggestion(
            product=product,
            seller=seller,
            category=categories[product.given_code],
            input_digest=product.input_digest,
            created_at=now,
        )
        for product in claimed.values()
        if product.given_code in categories
        and said.get((product.pk, product.input_digest)) != categories[product.given_code].pk
    )


def _seen(preview_id: uuid.UUID | None, product: Product, seller: User) -> dict[str, object]:
    """What FUSION had said to the seller of this very draft."""
    if preview_id is None:
        return {}
    preview = CategoryPreview.objects.filter(
        pk=preview_id,
        seller=seller,
        input_digest=product.input_digest,
        status=JobStatus.DONE,
        model_version__isnull=False,
    ).first()
    if preview is None or not preview.top:
        return {}
    code, confidence = preview.top[0]
    category = Category.objects.filter(code=code).first()
    if category is None:
        return {}
    return {
        "previewed_category": category,
        "previewed_confidence": confidence,
        "model_version": preview.model_version,
    }
