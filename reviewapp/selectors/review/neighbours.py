"""The nearest products that people have put into each of a card's first categories."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet
from pgvector.django import CosineDistance

from reviewapp.choices import Likeness, ReviewStatus
from reviewapp.domain.guidance import likeness
from reviewapp.models import Category, FeedbackLabel, Product, ProductEmbedding, ReviewItem

NEAREST: Final = 3
# Of a card's suggestions; more would be read by nobody before deciding.
CANDIDATES: Final = 3
# More than are shown: some may have lost their label or changed their input a moment ago.
_LOOKED_AT: Final = 12


class Gap(Enum):
    """Why a category shows no neighbour."""

    NONE = ""
    NOTHING_CONFIRMED = "nothing_confirmed"
    NOT_COMPARABLE = "not_comparable"  # confirmed ones exist, not yet read by the same model


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A confirmed product near the one in question. cosine: 1 is the same, 0 unrelated."""

    product: Product
    cosine: float

    @property
    def likeness(self) -> Likeness:
        return likeness(self.cosine)


@dataclass(frozen=True, slots=True)
class NearestIn:
    """A candidate category with its nearest confirmed products, or why there are none."""

    category: Category
    neighbours: list[Neighbour]
    gap: Gap = Gap.NONE


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """is_placed: False when no model has encoded the product's present input."""

    is_placed: bool
    categories: list[NearestIn]


def neighbourhood(*, product: Product, categories: list[Category]) -> Neighbourhood:
    """Return the nearest confirmed products of the first CANDIDATES of `categories`.

    Exact, not approximate: every confirmed product of the category is compared. Only vectors of
    one model version are; a product that awaits a blind answer is left out, because its label
    beside its picture would give the answer away.
    """
    own = ProductEmbedding.objects.filter(product=product, input_digest=product.input_digest)
    placed = own.first()
    if placed is None:
        return Neighbourhood(is_placed=False, categories=[])
    looked_at = categories[:CANDIDATES]
    near = {category.pk: _near(placed, category) for category in looked_at}
    labels = _standing({pk for cosines in near.values() for pk in cosines})
    return Neighbourhood(
        True, [_nearest_in(placed, one, near[one.pk], labels) for one in looked_at]
    )


def _near(placed: ProductEmbedding, category: Category) -> dict[int, float]:
    """Cosines by product, nearest first, as far as the vectors know of labels."""
    rows = ProductEmbedding.objects.filter(
        confirmed_category=category, model_version=placed.model_version_id
    ).exclude(product=placed.product_id)
    distance = CosineDistance("vector", placed.vector)
    ranked = rows.annotate(distance=distance).order_by("distance", "product_id")
    found = ranked.values_list("product_id", "distance")[:_LOOKED_AT]
    return {product_id: 1 - distance for product_id, distance in found}


def _standing(products: set[int]) -> dict[int, FeedbackLabel]:
    """Live labels that hold for the products' present and compared input, by product."""
    labels = FeedbackLabel.objects.filter(
        product__in=products,
        ended_at=None,
        input_digest=F("product__input_digest"),
        product__embedding__input_digest=F("input_digest"),
        moderator__isnull=False,
    ).exclude(Exists(_blind_items(OuterRef("product"))))
    return {label.product_id: label for label in labels.select_related("product__image")}


def _nearest_in(
    placed: ProductEmbedding,
    category: Category,
    cosines: dict[int, float],
    labels: dict[int, FeedbackLabel],
) -> NearestIn:
    found = [
        Neighbour(labels[product_id].product, cosine)
        for product_id, cosine in cosines.items()
        if product_id in labels and labels[product_id].category_id == category.pk
    ][:NEAREST]
    return NearestIn(category, found, Gap.NONE if found else _gap(placed, category))


def _gap(placed: ProductEmbedding, category: Category) -> Gap:
    labels = FeedbackLabel.objects.filter(category=category, ended_at=None, moderator__isnull=False)
    seen = labels.exclude(product=placed.product_id).exclude(
        Exists(_blind_items(OuterRef("product")))
    )
    return Gap.NOT_COMPARABLE if seen.exists() else Gap.NOTHING_CONFIRMED


def _blind_items(product: OuterRef) -> QuerySet[ReviewItem]:
    open_items = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
    return open_items.filter(product=product, is_blind=True)
