"""The nearest confirmed products of a category."""

import pytest

from reviewapp.choices import Likeness
from reviewapp.domain.guidance import likeness
from reviewapp.models import FeedbackLabel, Product, ProductEmbedding
from reviewapp.selectors.review import neighbourhood
from reviewapp.selectors.review.neighbours import Gap
from tests.factories import (
    CategoryFactory,
    ChampionFactory,
    ModelVersionFactory,
    ProductFactory,
    ReviewItemFactory,
)
from tests.guidance_world import confirmed, placed

pytestmark = pytest.mark.django_db


@pytest.fixture
def model():
    return ChampionFactory()


@pytest.fixture
def category():
    return CategoryFactory(code=10)


@pytest.fixture
def product(model):
    product = ProductFactory()
    placed(product, model)
    return product


def nearest(product, category):
    [one] = neighbourhood(product=product, categories=[category]).categories
    return one


def test_the_three_nearest_come_by_nearness_from_this_category_alone(product, category, model):
    far, near, nearer, nearest_of_all = (
        confirmed(category, model, degrees) for degrees in (80, 40, 30, 20)
    )
    other = CategoryFactory(code=20)
    confirmed(other, model, 1)

    found = nearest(product, category)

    assert [one.product for one in found.neighbours] == [nearest_of_all, nearer, near]
    assert [one.cosine for one in found.neighbours] == pytest.approx([0.94, 0.87, 0.77], abs=0.01)
    assert [one.likeness for one in found.neighbours] == [
        Likeness.VERY_ALIKE,
        Likeness.VERY_ALIKE,
        Likeness.ALIKE,
    ]
    assert far not in [one.product for one in found.neighbours]


def test_vectors_of_another_model_are_not_compared(product, category):
    confirmed(category, ModelVersionFactory(), 5)

    found = nearest(product, category)

    assert found.neighbours == []
    assert found.gap is Gap.NOT_COMPARABLE


def test_a_category_without_confirmed_products_says_so(product, category, model):
    assert nearest(product, category).gap is Gap.NOTHING_CONFIRMED


def test_the_product_itself_is_not_its_own_neighbour(category, model):
    product = confirmed(category, model, 0)

    assert nearest(product, category).gap is Gap.NOTHING_CONFIRMED


def test_a_product_that_awaits_a_blind_answer_is_not_shown(product, category, model):
    asked = confirmed(category, model, 5)
    ReviewItemFactory(product=asked, is_blind=True)

    assert nearest(product, category).gap is Gap.NOTHING_CONFIRMED


@pytest.mark.parametrize("lost", ["ended", "moved", "changed", "older vector"])
def test_only_a_label_that_holds_counts(product, category, model, now, lost):
    was = confirmed(category, model, 5)
    labels = FeedbackLabel.objects.filter(product=was)
    if lost == "ended":
        labels.update(ended_at=now)
    elif lost == "moved":
        labels.update(category=CategoryFactory(code=20))
    elif lost == "changed":
        Product.objects.filter(pk=was.pk).update(input_digest="9" * 64)
    else:
        ProductEmbedding.objects.filter(product=was).update(input_digest="8" * 64)

    assert nearest(product, category).neighbours == []


def test_a_product_whose_input_changed_is_not_placed(product, category):
    Product.objects.filter(pk=product.pk).update(input_digest="9" * 64)
    product.refresh_from_db()

    assert not neighbourhood(product=product, categories=[category]).is_placed


def test_the_number_of_queries_does_not_grow_with_what_is_found(
    product, category, model, django_assert_num_queries
):
    for degrees in range(10, 30):
        confirmed(category, model, degrees)

    with django_assert_num_queries(3):
        found = nearest(product, category)
        assert [one.product.image for one in found.neighbours] == [None] * 3


@pytest.mark.parametrize(
    ("cosine", "word"),
    [
        (1.0, Likeness.NEARLY_THE_SAME),
        (0.85, Likeness.VERY_ALIKE),
        (0.75, Likeness.ALIKE),
        (0.5, Likeness.LITTLE_ALIKE),
        (-0.2, Likeness.LITTLE_ALIKE),
    ],
)
def test_nearness_in_words(cosine, word):
    assert likeness(cosine) is word
