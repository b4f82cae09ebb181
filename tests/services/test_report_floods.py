"""A flood of reports on one product costs no more than a few, and displaces nobody."""

from datetime import timedelta

import pytest

from reviewapp.models import MisclassificationReport, ReportCase, User
from reviewapp.selectors import review as desk
from reviewapp.selectors.report_cases import MOST_WITHOUT_RECORD, evidence
from reviewapp.services import report_cases
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ProvenBuyerFactory,
)
from tests.report_world import submit

pytestmark = pytest.mark.django_db
FLOOD = 3 * MOST_WITHOUT_RECORD


@pytest.fixture
def product():
    product = ListedProductFactory()
    PredictionFactory(product=product, category=product.category, confidence=0.9)
    return product


@pytest.fixture
def flooded(product):
    """One honest newcomer was first; then came FLOOD accounts, each from a network of its own."""
    submit(product, BuyerFactory(), category=CategoryFactory())
    first = MisclassificationReport.objects.get()
    hired = User.objects.bulk_create(User(username=f"hired{n}") for n in range(FLOOD))
    MisclassificationReport.objects.bulk_create(
        MisclassificationReport(
            product=product,
            reporter=person,
            case=first.case,
            reported_category=product.category,
            network=f"hired-{person.pk}",
            created_at=NOW + timedelta(seconds=1),
        )
        for person in hired
    )
    return first


def test_a_flood_is_not_weighed_one_by_one(product, flooded, django_assert_max_num_queries):
    case = ReportCase.objects.get()

    with django_assert_max_num_queries(20):
        report_cases.weigh(case=case, product=product, now=NOW)

    assert len(case.arithmetic["voices"]) == MOST_WITHOUT_RECORD
    assert case.arithmetic["unheard"] == FLOOD + 1 - MOST_WITHOUT_RECORD
    assert case.arithmetic["weight"] == pytest.approx(case.policy.unproven_cap)
    assert evidence(product).unheard == case.arithmetic["unheard"]


def test_who_came_first_and_who_is_proven_are_heard_all_the_same(product, flooded):
    right = CategoryFactory()

    submit(product, *ProvenBuyerFactory.create_batch(3), category=right)

    case = ReportCase.objects.get()
    assert sum(voice["is_proven"] for voice in case.arithmetic["voices"]) == 3
    assert case.arithmetic["lead"] == right.code
    named = {voice["category"] for voice in case.arithmetic["voices"]}
    assert flooded.suggested_category.code in named


def test_a_card_counts_a_flood_and_reads_its_beginning(product, flooded):
    submit(product, *ProvenBuyerFactory.create_batch(3), category=CategoryFactory())

    card = desk.card(item_id=ReportCase.objects.get().item_id, reader=ModeratorFactory())

    assert card.report_count == FLOOD + 4
    assert len(card.reports) == 200
    assert card.reports[0] == flooded
