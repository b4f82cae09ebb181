"""Which reports take a product out of the shop, where the policy lets them: those at the bar."""

from datetime import timedelta

import pytest

from reviewapp.choices import CaseStatus, ProductStatus, ReviewStatus
from reviewapp.models import ReportCase
from reviewapp.services import report_cases
from tests.factories import (
    NOW,
    BuyerFactory,
    CategoryFactory,
    FeedbackLabelFactory,
    ListedProductFactory,
    PredictionFactory,
    ProvenBuyerFactory,
    ReportFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
)
from tests.report_world import submit

pytestmark = pytest.mark.django_db
DUE = NOW + timedelta(days=8)


@pytest.fixture(autouse=True)
def _policy():
    ReportPolicyFactory(hold_reopened=True)


@pytest.fixture
def product():
    """Listed automatically, and wrongly."""
    product = ListedProductFactory()
    PredictionFactory(product=product, category=product.category, confidence=0.9)
    return product


@pytest.fixture
def resolved(product):
    """The item of an earlier decision about the product."""
    return ReviewItemFactory(product=product, status=ReviewStatus.RESOLVED, resolved_at=NOW)


def test_the_policy_may_take_reopened_products_out_of_the_shop(product):
    submit(product, *ProvenBuyerFactory.create_batch(2), category=CategoryFactory())

    product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW


def test_only_reports_that_reach_the_bar_take_a_product_out_of_the_shop(product):
    submit(product, BuyerFactory(), category=CategoryFactory())
    case = ReportCase.objects.get()

    report_cases.look_now(case_id=case.pk, now=NOW)

    product.refresh_from_db()
    case.refresh_from_db()
    assert (case.status, product.status) == (CaseStatus.IN_REVIEW, ProductStatus.LISTED)

    submit(product, *ProvenBuyerFactory.create_batch(2), category=CategoryFactory())
    product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW


def test_a_case_drawn_by_lot_takes_its_product_out_once_its_reports_reach_the_bar():
    ReportFactory.create_batch(12)
    report_cases.end_due_cases(now=DUE)
    case = ReportCase.objects.filter(is_by_lot=True).first()
    is_listed = case.product.status == ProductStatus.LISTED

    submit(case.product, *ProvenBuyerFactory.create_batch(2), category=CategoryFactory(), now=DUE)

    case.product.refresh_from_db()
    assert is_listed
    assert case.product.status == ProductStatus.IN_REVIEW


def test_a_label_for_another_category_does_not_speak_for_the_automatic_listing(product, resolved):
    elsewhere = CategoryFactory()
    FeedbackLabelFactory(product=product, category=elsewhere, decision__item=resolved)

    submit(product, *ProvenBuyerFactory.create_batch(2), category=elsewhere)

    assert not ReportCase.objects.get().arithmetic["is_human"]


def test_a_moderators_category_keeps_its_bar_while_the_reports_hold_the_product(product, resolved):
    FeedbackLabelFactory(product=product, category=product.category, decision__item=resolved)
    right = CategoryFactory()
    for number, person in enumerate(ProvenBuyerFactory.create_batch(6)):
        if product.status == ProductStatus.LISTED:
            submit(product, person, category=right, network=f"10.1.{number}.7")
            product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW

    report_cases.weigh(case=ReportCase.objects.get(), product=product, now=NOW)

    assert ReportCase.objects.get().arithmetic["is_human"]
