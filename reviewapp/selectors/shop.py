"""What buyers see: listed products only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from reviewapp.choices import ProductStatus
from reviewapp.models import (
    CatalogueEntry,
    CatalogueRollUp,
    Category,
    CategoryFamily,
    Product,
    ProductImage,
)
from reviewapp.selectors.facets import Facets, Filters, count_facets, tallied, total
from reviewapp.selectors.pages import page_by_time

PAGE_SIZE = 24
TALLIES = "tallies"
_GUIDELINE = ("definition_fr", "definition_en", "includes", "excludes", "synonyms")


@dataclass(frozen=True, slots=True)
class Aisle:
    """A category in the shop: how many products, and the picture of the newest."""

    category: Category
    count: int
    image: ProductImage | None


@dataclass(frozen=True, slots=True)
class FamilyAisles:
    """A family with its categories."""

    family: CategoryFamily
    aisles: list[Aisle]

    @property
    def count(self) -> int:
        return sum(aisle.count for aisle in self.aisles)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of a part of the shop, newest first; `count` and facets are of `counted_at`."""

    products: list[Product]
    older: str
    count: int
    facets: Facets
    counted_at: datetime | None


def listed_products() -> QuerySet[Product]:
    return Product.objects.filter(status=ProductStatus.LISTED).select_related(
        "category__family", "image"
    )


def products_in_order(ids: Sequence[int]) -> list[Product]:
    """Return the listed ones among `ids`, in that order, without what only their own page shows."""
    listed = listed_products().defer(
        "description",
        "raw_designation",
        "raw_description",
        *(f"category__{name}" for name in _GUIDELINE),
    )
    found = {product.pk: product for product in listed.filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


def newest(*, filters: Filters, cursor: str = "", size: int = PAGE_SIZE) -> Shelf:
    """Return one page of what passes `filters`, newest first. Raises pages.CursorInvalid."""
    entries = filters.narrow(CatalogueEntry.objects.only("pk", "listed_at"))
    page = page_by_time(entries, field="listed_at", cursor=cursor, size=size)
    facts = tallied(categories_in_use())
    return Shelf(
        products=products_in_order([row.pk for row in page.rows]),
        older=page.older,
        count=total(facts, filters),
        facets=count_facets(facts, filters),
        counted_at=tallies_counted_at(),
    )


def categories_in_use() -> list[Category]:
    return list(
        Category.objects.filter(is_active=True)
        .select_related("family")
        .defer("includes", "excludes")
        .order_by("family__position", "family__slug", "code")
    )


def aisles() -> list[FamilyAisles]:
    """Return the families in order, each with its categories that are in use."""
    categories = categories_in_use()
    counts: dict[int, int] = {}
    for fact in tallied(categories):
        counts[fact.category.pk] = counts.get(fact.category.pk, 0) + fact.products
    pictures = _newest_pictures()
    families: dict[CategoryFamily, list[Aisle]] = {}
    for category in categories:
        aisle = Aisle(category, counts.get(category.pk, 0), pictures.get(category.pk))
        families.setdefault(category.family, []).append(aisle)
    return [FamilyAisles(family, found) for family, found in families.items()]


def tallies_counted_at() -> datetime | None:
    """Return when the counts were taken; None before the first roll-up."""
    rolled = CatalogueRollUp.objects.filter(name=TALLIES).first()
    return rolled.counted_at if rolled else None


def _newest_pictures() -> dict[int, ProductImage]:
    # One look into the index per category; DISTINCT ON would read every entry.
    pictured = CatalogueEntry.objects.filter(category=OuterRef("pk"), has_picture=True).order_by(
        "-listed_at", "-pk"
    )
    images = dict(
        Category.objects.filter(is_active=True)
        .annotate(newest_image=Subquery(pictured.values("product__image")[:1]))
        .values_list("pk", "newest_image")
    )
    pictures = ProductImage.objects.in_bulk([pk for pk in images.values() if pk])
    return {category: pictures[pk] for category, pk in images.items() if pk in pictures}
