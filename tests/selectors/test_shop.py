import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviewapp.choices import ProductStatus
from reviewapp.models import CatalogueEntry, Product
from reviewapp.selectors import shop
from reviewapp.selectors.facets import Filters
from reviewapp.selectors.search import search
from reviewapp.selectors.spelling import either_language
from reviewapp.services.catalogue_rollup import roll_up
from tests.factories import (
    NOW,
    CategoryFactory,
    ListedProductFactory,
    ProductFactory,
    ProductImageFactory,
)

pytestmark = pytest.mark.django_db
ALL = Filters(now=NOW)


def test_only_listed_products_are_in_the_shop():
    listed = ListedProductFactory()
    ProductFactory(status=ProductStatus.IN_REVIEW)
    ProductFactory()

    assert shop.newest(filters=ALL).products == [listed]


def test_what_leaves_the_shop_or_moves_is_found_where_it_is(now):
    product, other = ListedProductFactory(designation="Lampe"), CategoryFactory(code=77)

    Product.objects.filter(pk=product.pk).update(category=other)
    moved = shop.newest(filters=Filters(now=NOW, category=other)).products
    Product.objects.filter(pk=product.pk).update(status=ProductStatus.IN_REVIEW)

    assert moved == [product]
    assert search(text="lampe", filters=ALL).products == []
    assert not CatalogueEntry.objects.exists()


@pytest.mark.parametrize("typed", ["figurine", "FIGURINES", "figurïne peinte", "painted figures"])
def test_search_forgives_inflection_accents_and_either_language(typed):
    french = ListedProductFactory(designation="Lot de figurines peintes")
    english = ListedProductFactory(designation="Painted figure")
    ListedProductFactory(designation="Table de jardin")

    assert search(text=typed, filters=ALL).products[0] in (french, english)


@pytest.mark.parametrize(
    "typed", ["les piscines", "coffret à bijoux", "Coffret a bijoux", "les bijous"]
)
def test_french_words_that_say_nothing_need_not_be_there(typed):
    product = ListedProductFactory(designation="Coffret bijoux, piscine gonflable")
    roll_up(now=NOW)

    found = search(text=typed, filters=ALL)

    assert (found.products, found.relaxed) == ([product], False)


def test_a_word_that_says_nothing_is_looked_for_when_it_is_all_or_quoted():
    with_it = ListedProductFactory(designation="Les Misérables")
    ListedProductFactory(designation="Piscine")

    assert search(text="les", filters=ALL).products == [with_it]
    assert search(text='"les misérables"', filters=ALL).products == [with_it]


def test_a_title_comes_before_a_description():
    described = ListedProductFactory(designation="Lot", description="Une figurine articulée")
    title = ListedProductFactory(designation="Figurine")

    assert search(text="figurine", filters=ALL).products == [title, described]


def test_a_misspelt_word_is_read_as_one_the_shop_knows():
    product = ListedProductFactory(designation="Perceuse à percussion")
    roll_up(now=NOW)

    found = search(text="perseuse", filters=ALL)

    assert (found.products, found.corrected) == ([product], "perceuse")


def test_a_synonym_finds_its_category():
    category = CategoryFactory(synonyms={"fr": ["doudou"], "en": []})
    product = ListedProductFactory(category=category, designation="Ours tout doux")

    found = search(text="doudou", filters=ALL)

    assert (found.products, found.categories) == ([product], [category])


def test_search_uses_its_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = CatalogueEntry.objects.filter(all_words=either_language("roman")).explain()

    assert "entry_all_in_category" in plan


def test_an_aisle_counts_its_products_and_shows_the_newest_picture():
    category = CategoryFactory(code=10)
    CategoryFactory(code=20)
    picture = ProductImageFactory()
    ListedProductFactory(category=category, image=picture)
    ListedProductFactory(category=category)
    roll_up(now=NOW)

    aisles = [aisle for family in shop.aisles() for aisle in family.aisles]

    assert [(a.category.code, a.count, a.image) for a in aisles] == [
        (10, 2, picture),
        (20, 0, None),
    ]


def test_facets_count_what_each_choice_would_leave():
    category = CategoryFactory(code=10)
    ListedProductFactory(category=category, language="fr", image=ProductImageFactory())
    ListedProductFactory(category=category, language="fr")
    ListedProductFactory(category=category, language="en")
    roll_up(now=NOW)

    facets = shop.newest(filters=Filters(now=NOW, language="fr")).facets

    assert [(one.key, one.count) for one in facets.languages] == [("fr", 2), ("en", 1)]
    assert facets.with_picture.count == 1


def test_counting_rests_for_sixty_times_as_long_as_it_takes(monkeypatch):
    assert roll_up(now=NOW) == ["tallies", "words"]

    assert roll_up(now=NOW) == []


def test_the_shop_asks_the_database_as_often_for_twenty_products_as_for_ten(
    django_assert_num_queries,
):
    def look():
        return [(p.category.family.name, p.image.url) for p in shop.newest(filters=ALL).products]

    for _ in range(10):
        ListedProductFactory(image=ProductImageFactory())
    with django_assert_num_queries(5):
        look()
    for _ in range(10):
        ListedProductFactory(image=ProductImageFactory())
    with django_assert_num_queries(5):
        look()


def test_a_page_of_the_shop_reads_no_long_texts():
    ListedProductFactory(designation="Lampe")

    with CaptureQueriesContext(connection) as asked:
        shown = shop.newest(filters=ALL).products + search(text="lampe", filters=ALL).products

    assert [product.designation for product in shown] == ["Lampe", "Lampe"]
    assert not [one["sql"] for one in asked if '"description"' in one["sql"]]
