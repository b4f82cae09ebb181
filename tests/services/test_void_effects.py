"""Voiding a ring undoes what its reports did, and nothing that somebody else did since."""

from datetime import timedelta

import pytest

from reviewapp.choices import CaseStatus, ProductStatus, ReviewReason, ReviewStatus
from reviewapp.domain import priority
from reviewapp.models import (
    MisclassificationReport,
    Prediction,
    ReportCase,
    ReportRing,
    ReviewItem,
)
from reviewapp.services import review, rings, routing
from reviewapp.services.appeals import submit_appeal
from reviewapp.services.reports import submit_report
from tests.factories import (
    NOW,
    AdminFactory,
    BuyerFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def product():
    return ListedProductFactory(seller=SellerFactory())


def reopened(product, **policy):
    """Reports that a generous policy lets reopen the product at once; all in one held ring."""
    ReportPolicyFactory(prior_upheld=30, prior_dismissed=1, **policy)
    submit_report(
        product=product, reporter=BuyerFactory(), suggested_category=None, comment="", now=NOW
    )
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.update(ring=ring)
    product.refresh_from_db()
    return ring


def void(ring, now=NOW):
    return rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=now)


def routed(product, confidence):
    RoutingPolicyFactory(audit_rate=0.0)
    fusion = PredictionFactory(product=product, confidence=confidence)
    answers = {"fusion": Prediction.objects.select_related("category").get(pk=fusion.pk)}
    policy = RoutingPolicyFactory()
    routing.route_classified(product=product, answers=answers, policy=policy, label=None, now=NOW)


def test_an_appeal_that_joined_the_reports_keeps_its_item_and_its_urgency(product):
    routed(product, confidence=0.99)
    ring = reopened(product)
    submit_appeal(
        product_id=product.pk, seller=product.seller, comment="", wished_category=None, now=NOW
    )

    event = void(ring)

    item = ReviewItem.objects.get()
    assert (item.status, item.reasons) == (ReviewStatus.PENDING, [ReviewReason.SELLER_APPEAL])
    assert item.priority == priority.APPEALED
    assert event.details["items_closed"] == 0


def test_an_appeal_outlives_the_low_priority_from_before_the_reports(product):
    routed(product, confidence=0.99)
    ReviewItemFactory(product=product, reasons=[ReviewReason.AUDIT], priority=priority.AUDIT)
    ring = reopened(product)
    submit_appeal(
        product_id=product.pk, seller=product.seller, comment="", wished_category=None, now=NOW
    )

    void(ring)

    assert ReviewItem.objects.get().priority == priority.APPEALED


def test_a_product_that_the_models_hold_since_an_edit_stays_held(product):
    ring = reopened(product, hold_reopened=True)
    product.input_digest = "e" * 64
    product.save()
    routed(product, confidence=0.2)

    event = void(ring)

    product.refresh_from_db()
    item = ReviewItem.objects.get()
    assert product.status == ProductStatus.IN_REVIEW
    assert (item.status, item.reasons) == (ReviewStatus.PENDING, [ReviewReason.LOW_CONFIDENCE])
    assert item.priority == pytest.approx(2 * 0.8 / 1.8)
    assert item.expected_cost["p_wrong"] == pytest.approx(0.8)
    assert event.details["listings_restored"] == 0


def test_a_product_edited_while_the_reports_held_it_still_needs_a_look(product):
    ring = reopened(product, hold_reopened=True)
    product.input_digest = "e" * 64
    product.save()

    event = void(ring)

    product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW
    assert ReviewItem.objects.get().status == ReviewStatus.PENDING
    assert event.details["listings_restored"] == event.details["items_closed"] == 0


def test_a_product_that_others_held_is_not_listed_by_voiding_reports(product):
    ring = reopened(product)
    routed(product, confidence=0.2)

    void(ring)

    product.refresh_from_db()
    assert (product.status, product.category) == (ProductStatus.IN_REVIEW, None)


def test_a_claim_that_has_run_out_keeps_no_item(product):
    ring = reopened(product)
    review.claim_next(moderator=ModeratorFactory(), now=NOW)

    event = void(ring, now=NOW + timedelta(hours=1))

    item = ReviewItem.objects.get()
    assert (item.status, item.claimed_by) == (ReviewStatus.RESOLVED, None)
    assert event.details["items_closed"] == 1


def test_an_item_in_somebodys_hands_is_closed_once_it_is_given_back(product):
    ring, moderator = reopened(product), ModeratorFactory()
    review.claim_next(moderator=moderator, now=NOW)
    void(ring)
    while_held = rings.finish_voids(now=NOW)

    review.release_all(moderator=moderator, now=NOW)
    finished = rings.finish_voids(now=NOW)

    assert (while_held, finished) == (0, 1)
    assert ReviewItem.objects.get().status == ReviewStatus.RESOLVED
    assert ReportCase.objects.get().status == CaseStatus.CLOSED
    assert rings.finish_voids(now=NOW) == 0
