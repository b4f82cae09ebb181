"""Near-duplicate groups of products: joined on arrival, and afterwards by older rows."""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from reviewapp.choices import ReviewStatus
from reviewapp.domain import groups
from reviewapp.models import GroupCursor, Product, ProductImage, ReviewItem
from reviewapp.services.images import look_of


def join_groups(*, products: Sequence[Product]) -> None:
    """Set `title_hash` and `group_key` of unsaved `products`, in their order; two queries.

    Near duplicates that arrive in two transactions at once, alike by their picture alone, may
    come to lie in two groups.
    """
    keys = [_keys(product) for product in products]
    by_title = _oldest("title_hash", {title for title, _look in keys if title is not None})
    by_look = _oldest("image__look", {look for _title, look in keys if look is not None})
    for product, (title, look) in zip(products, keys, strict=True):
        product.title_hash = title
        product.group_key = groups.join_group(title, look, by_title, by_look)


@transaction.atomic
def group_older(*, now: datetime, most: int) -> bool:
    """Give fingerprints and groups to up to `most` rows that arrived before there were any.

    Pictures first, then products, each by rising id and once: flat and unreadable pictures keep no
    fingerprint. False when everything has been looked at, or another worker is at it.
    """
    GroupCursor.objects.get_or_create(pk=1)
    left = GroupCursor.objects.select_for_update(skip_locked=True).filter(pk=1, finished_at=None)
    cursor = left.first()
    if cursor is None:
        return False
    last_image = _fingerprint_images(cursor.last_image, most)
    if last_image is not None:
        cursor.last_image = last_image
    else:
        last_product = _group_products(cursor.last_product, most)
        if last_product is not None:
            cursor.last_product = last_product
        else:
            cursor.finished_at = now
    cursor.save()
    return cursor.finished_at is None


def _fingerprint_images(after: int, most: int) -> int | None:
    last = None
    for image in ProductImage.objects.filter(pk__gt=after, fingerprint=None).order_by("pk")[:most]:
        last = image.pk
        image.fingerprint = _fingerprint(image)
        image.look = look_of(image.fingerprint)
        image.save(update_fields=["fingerprint", "look"])
    return last


def _group_products(after: int, most: int) -> int | None:
    ungrouped = Product.objects.filter(pk__gt=after, group_key=None).select_related("image")
    rows = list(ungrouped.order_by("pk")[:most])
    join_groups(products=rows)
    for product in rows:
        # Not by `save`: what changed on the row meanwhile stays.
        Product.objects.filter(pk=product.pk, input_digest=product.input_digest).update(
            title_hash=product.title_hash, group_key=product.group_key
        )
        open_items = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
        open_items.filter(product=product).update(group_key=product.group_key)
    return rows[-1].pk if rows else None


def _keys(product: Product) -> tuple[int | None, int | None]:
    look = product.image.look if product.image else None
    return groups.title_hash(product.designation), look


def _oldest(field: str, keys: Collection[int]) -> dict[int, int]:
    """Return the group of the oldest product by each of `keys`."""
    if not keys:
        return {}
    found = Product.objects.filter(**{f"{field}__in": keys}, group_key__isnull=False)
    oldest = found.order_by(field, "pk").distinct(field)
    return dict(oldest.values_list(field, "group_key"))


def _fingerprint(image: ProductImage) -> int | None:
    try:
        return groups.fingerprint(open_rgb(Path(settings.MEDIA_ROOT) / image.thumbnail_path))
    except InputUnreadable:
        return None
