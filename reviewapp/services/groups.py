"""Near-duplicate groups of products: joined on arrival, and afterwards by older rows."""

from collections.abc import Collection, Sequence
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from reviewapp.choices import ReviewStatus
from reviewapp.domain import groups
from reviewapp.models import Product, ProductImage, ReviewItem
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


def fingerprint_pictures(*, after: int, most: int) -> int | None:
    """Give fingerprint and look to up to `most` pictures with an id above `after` that lack them.

    Returns the last id looked at, or None when none is left. Flat and unreadable ones keep none.
    """
    rows = ProductImage.objects.filter(pk__gt=after, fingerprint=None).order_by("pk")[:most]
    last = None
    for image in rows:
        last = image.pk
        image.fingerprint = _fingerprint(image)
        image.look = look_of(image.fingerprint)
        image.save(update_fields=["fingerprint", "look"])
    return last


def group_products(*, after: int, most: int) -> int | None:
    """Give a group to up to `most` products with an id above `after` that lack one; see above."""
    rows = list(_ungrouped().filter(pk__gt=after).order_by("pk")[:most])
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


def _ungrouped() -> QuerySet[Product]:
    return Product.objects.filter(group_key=None).select_related("image")


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
