import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection

from reviewapp.choices import ProductStatus
from reviewapp.models import Product
from reviewapp.selectors import shop
from tests.factories import (
    CategoryFactory,
    ListedProductFactory,
    ProductFactory,
    ProductImageFactory,
)

pytestmark = pytest.mark.django_db


def test_only_listed_products_are_in_the_shop():
    listed = ListedProductFactory()
    ProductFactory(status=ProductStatus.IN_REVIEW)
    ProductFactory()

    assert shop.newest(category=None).rows == [listed]


def test_search_finds_inflected_words_in_title_and_description():
    title = ListedProductFactory(designation="Lot de figurines peintes")
    described = ListedProductFactory(designation="Lot", description="Une figurine articulée")
    ListedProductFactory(designation="Table de jardin")

    assert set(shop.search(text="figurine")) == {title, described}


def test_search_uses_its_index():
    query = SearchQuery("roman", config="french", search_type="websearch")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Product.objects.annotate(words=shop.WORDS).filter(words=query).explain()

    assert "product_search" in plan


def test_an_aisle_counts_its_products_and_shows_the_newest_picture():
    category = CategoryFactory(code=10)
    CategoryFactory(code=20)
    picture = ProductImageFactory()
    ListedProductFactory(category=category, image=picture)
    ListedProductFactory(category=category)

    aisles = [aisle for family in shop.aisles().values() for aisle in family]

    assert [(a.category.code, a.count, a.image) for a in aisles] == [
        (10, 2, picture),
        (20, 0, None),
    ]


def test_the_shop_asks_the_database_as_often_for_twenty_products_as_for_ten(
    django_assert_num_queries,
):
    for _ in range(10):
        ListedProductFactory(image=ProductImageFactory())
    with django_assert_num_queries(1):
        [(p.category.family.name, p.image.url) for p in shop.newest(category=None).rows]
    for _ in range(10):
        ListedProductFactory(image=ProductImageFactory())
    with django_assert_num_queries(1):
        [(p.category.family.name, p.image.url) for p in shop.newest(category=None).rows]
