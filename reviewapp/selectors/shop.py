"""What buyers see: listed products only."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from reviewapp.choices import ProductStatus
from reviewapp.models import Category, CategoryFamily, Product, ProductImage
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 24
MATCHES_SHOWN = 96
# The same expression as the index product_search, or PostgreSQL will not use that.
WORDS = SearchVector("designation", "description", config="french")


@dataclass(frozen=True, slots=True)
class Aisle:
    """A category in the shop: how many products, and the picture of the newest."""

    category: Category
    count: int
    image: ProductImage | None


def listed_products() -> QuerySet[Product]:
    return Product.objects.filter(status=ProductStatus.LISTED).select_related(
        "category__family", "image"
    )


def newest(*, category: Category | None, cursor: str = "") -> Page[Product]:
    """Return one page of the shop, newest first. Raises pages.CursorInvalid."""
    products = listed_products()
    if category is not None:
        products = products.filter(category=category)
    return page_by_time(products, field="listed_at", cursor=cursor, size=PAGE_SIZE)


def search(*, text: str, category: Category | None = None) -> list[Product]:
    """Return the best matches for a buyer's words, at most MATCHES_SHOWN.

    Quotes, OR and a minus sign work as in a web search.
    """
    query = SearchQuery(text, config="french", search_type="websearch")
    products = listed_products().annotate(words=WORDS).filter(words=query)
    if category is not None:
        products = products.filter(category=category)
    return list(
        products.annotate(rank=SearchRank(WORDS, query)).order_by("-rank", "-pk")[:MATCHES_SHOWN]
    )


def aisles() -> dict[CategoryFamily, list[Aisle]]:
    """Return the families in order, each with its categories that are in use."""
    # One look into the index per category; DISTINCT ON would read every listed product.
    pictured = Product.objects.filter(
        category=OuterRef("pk"), status=ProductStatus.LISTED, image__isnull=False
    ).order_by("-listed_at", "-pk")
    counted = (
        Category.objects.filter(is_active=True)
        .select_related("family")
        .annotate(
            count=Count("products", filter=Q(products__status=ProductStatus.LISTED)),
            newest_image=Subquery(pictured.values("image")[:1]),
        )
        .order_by("family__position", "family__slug", "code")
    )
    pictures = ProductImage.objects.in_bulk([c.newest_image for c in counted if c.newest_image])
    families: dict[CategoryFamily, list[Aisle]] = {}
    for category in counted:
        aisle = Aisle(category, category.count, pictures.get(category.newest_image))
        families.setdefault(category.family, []).append(aisle)
    return families
