from datetime import timedelta

import pytest

from reviewapp.choices import EstimateSource, Measured, ReviewReason
from reviewapp.domain.costs import Costs
from reviewapp.models import FamilyViews, QueueMeasure
from reviewapp.selectors.measures import expected_cost_of
from reviewapp.services.measures import count_view, measure_queue
from tests.factories import (
    NOW,
    CategoryFactory,
    CategoryFamilyFactory,
    DecisionFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LOW, APART = ReviewReason.LOW_CONFIDENCE, ReviewReason.DISAGREEMENT


def expected(category, costs=None):
    return expected_cost_of(
        probability=0.5, category=category, reasons=[LOW], costs=costs or Costs()
    )


def decided(seconds, family, reasons, **more):
    moderator = more.pop("moderator")
    DecisionFactory(
        item=ReviewItemFactory(family=family, reasons=reasons),
        reasons=reasons,
        seconds=seconds,
        moderator=moderator,
        **more,
    )


def test_the_pace_is_the_median_of_the_reason_in_the_family():
    moderator, category = ModeratorFactory(), CategoryFactory()
    for number in range(21):
        decided(4.0 + number, category.family, [LOW, APART], moderator=moderator)
    decided(900.0, category.family, [LOW], moderator=moderator, is_bulk=True)

    measure_queue(now=NOW + DAY)

    cost = expected(category)
    assert (cost.seconds.value, cost.seconds.count) == (14.0, 21)
    overall = QueueMeasure.objects.get(kind=Measured.SECONDS, family=None, reason="")
    assert overall.count == 21


def test_another_family_goes_by_the_reason_alone_until_it_has_its_own():
    moderator, category = ModeratorFactory(), CategoryFactory()
    for _ in range(20):
        decided(30.0, category.family, [LOW], moderator=moderator)
    other = CategoryFactory(family=CategoryFamilyFactory(slug="games"))

    measure_queue(now=NOW + DAY)

    cost = expected(other)
    assert cost.seconds.value == 30.0


def test_views_are_counted_by_family_and_day_and_averaged_over_whole_days():
    category = CategoryFactory()
    ListedProductFactory.create_batch(2, category=category)
    for day in (0, 1, 1, 2):
        for _ in range(10):
            count_view(family_id=category.family_id, now=NOW + day * DAY)

    measure_queue(now=NOW + 2 * DAY)

    assert FamilyViews.objects.count() == 3
    cost = expected(category)
    # 30 views in two whole days, of two products.
    assert (cost.views.value, cost.views.count) == (7.5, 30)


def test_a_category_whose_wrong_listings_cost_more_comes_first():
    category = CategoryFactory()
    costs = Costs(wrong=0.5, by_category={category.code: 2.0})

    dear = expected(category, costs=costs)
    usual = expected(CategoryFactory(), costs=costs)

    assert (dear.cost, usual.cost) == (4.0, 1.0)
    assert dear.priority > usual.priority


def test_measuring_again_forgets_what_is_gone():
    category = CategoryFactory()
    ListedProductFactory(category=category)
    count_view(family_id=category.family_id, now=NOW)
    measure_queue(now=NOW + DAY)

    measure_queue(now=NOW + 60 * DAY)

    assert not QueueMeasure.objects.exists()
    cost = expected(category)
    assert cost.views.source == EstimateSource.PRIOR
