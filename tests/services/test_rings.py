"""Rings are held, and judged by an admin: voided with their effects undone, or released."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import CaseStatus, ProductStatus, ReportStatus, ReviewReason, ReviewStatus
from reviewapp.models import MisclassificationReport, ReportCase, ReportRing, ReviewItem, RingEvent
from reviewapp.selectors.report_cases import records
from reviewapp.services import decisions, report_cases, reports, review, rings
from tests.factories import (
    NOW,
    AdminFactory,
    BuyerFactory,
    CategoryFactory,
    DecisionFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProvenBuyerFactory,
    ReportFactory,
    ReportPolicyFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
# A crowd this small would never be found by chance; tests stay short with it.
CROWD = 8


def submit(product, *people, category=None, now=NOW):
    for number, person in enumerate(people):
        reports.submit_report(
            product=product,
            reporter=person,
            suggested_category=category,
            comment="",
            now=now + timedelta(seconds=number),
            address=f"10.0.{number}.7",
        )


@pytest.fixture
def product():
    return ListedProductFactory()


@pytest.fixture
def crowd(product):
    people = BuyerFactory.create_batch(CROWD)
    submit(product, *people, category=CategoryFactory())
    return people


def test_a_crowd_is_held_does_not_count_and_is_found_once(product, crowd):
    held = rings.hold_rings(now=NOW + timedelta(minutes=1))
    again = rings.hold_rings(now=NOW + timedelta(minutes=2))

    ring = ReportRing.objects.get()
    assert (held, again) == (CROWD, 0)
    assert ReportCase.objects.get().score == 0
    assert ring.events.get().details["accounts"] == CROWD


def test_a_ring_that_goes_on_grows(product, crowd):
    rings.hold_rings(now=NOW + timedelta(minutes=1))
    submit(product, BuyerFactory(), now=NOW + timedelta(seconds=30))

    assert rings.hold_rings(now=NOW + timedelta(minutes=2)) == 1
    assert ReportRing.objects.get().events.count() == 2


def test_proven_people_are_not_held_with_the_crowd(product, crowd):
    submit(product, *ProvenBuyerFactory.create_batch(2), category=CategoryFactory())

    rings.hold_rings(now=NOW + timedelta(minutes=1))

    assert MisclassificationReport.objects.filter(ring=None, status=ReportStatus.OPEN).count() == 2
    assert ReportCase.objects.get().status == CaseStatus.IN_REVIEW


def by_lot(product):
    """The one way in which a crowd alone gets in front of a moderator."""
    case = ReportCase.objects.get()
    report_cases.send_to_review(case=case, product=product, priority=0.5, now=NOW, by_lot=True)
    return ReviewItem.objects.get()


def void():
    rings.hold_rings(now=NOW + timedelta(minutes=1))
    return rings.void_ring(
        ring_id=ReportRing.objects.get().pk,
        admin=AdminFactory(),
        note="Same hour, same words",
        now=NOW + timedelta(minutes=2),
    )


def test_voiding_closes_the_item_that_only_the_crowd_opened(product, crowd):
    item = by_lot(product)

    event = void()

    item.refresh_from_db()
    assert item.status == ReviewStatus.RESOLVED
    assert ReportCase.objects.get().status == CaseStatus.CLOSED
    assert MisclassificationReport.objects.filter(status=ReportStatus.VOIDED).count() == CROWD
    assert (event.details["items_closed"], event.details["reports"]) == (1, CROWD)


def test_voiding_gives_an_item_back_what_it_was_before(product, crowd):
    item = ReviewItemFactory(product=product, reasons=[ReviewReason.AUDIT], priority=0.1)
    by_lot(product)

    void()

    item.refresh_from_db()
    assert (item.status, item.reasons, item.priority) == (
        ReviewStatus.PENDING,
        [ReviewReason.AUDIT],
        0.1,
    )


def test_voiding_leaves_what_others_carry_by_themselves(product, crowd):
    submit(product, *ProvenBuyerFactory.create_batch(3), category=CategoryFactory())

    void()

    case = ReportCase.objects.get()
    assert (case.status, case.item.status) == (CaseStatus.IN_REVIEW, ReviewStatus.PENDING)


def test_voiding_leaves_an_item_with_a_moderator_alone(product, crowd):
    item = by_lot(product)
    review.claim_next(moderator=ModeratorFactory(), now=NOW)

    void()

    item.refresh_from_db()
    assert item.status == ReviewStatus.CLAIMED
    assert rings.finish_voids(now=NOW + timedelta(minutes=2)) == 0


def test_voiding_brings_back_a_listing_that_the_reports_took_down(product):
    # A policy this generous makes everybody proven at first; then it is tightened.
    ReportPolicyFactory(prior_upheld=30, prior_dismissed=1, hold_reopened=True)
    submit(product, BuyerFactory())
    product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.update(ring=ring)

    event = rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=NOW)

    product.refresh_from_db()
    assert product.status == ProductStatus.LISTED
    assert product.category is not None
    assert event.details["listings_restored"] == 1


def decide(category):
    moderator = ModeratorFactory()
    item = review.claim_next(moderator=moderator, now=NOW)
    return decisions.decide(
        item_id=item,
        moderator=moderator,
        category=category,
        client_key=uuid.uuid4(),
        now=NOW + timedelta(minutes=5),
    )


def test_a_crowd_that_was_answered_before_the_sweep_keeps_no_record(product, crowd):
    by_lot(product)
    decide(CategoryFactory())
    asked = [(person.pk, None) for person in crowd]
    earned = records(asked=asked, half_life_days=180, now=NOW)

    held = rings.hold_rings(now=NOW + timedelta(minutes=6))

    while_held = records(asked=asked, half_life_days=180, now=NOW)
    event = rings.void_ring(
        ring_id=ReportRing.objects.get().pk, admin=AdminFactory(), note="", now=NOW
    )
    assert (len(earned), held, while_held) == (CROWD, CROWD, {})
    assert records(asked=asked, half_life_days=180, now=NOW) == {}
    assert len(event.details["answered"]) == CROWD


def test_released_reports_count_again_or_are_answered_by_what_was_decided(product, crowd):
    by_lot(product)
    rings.hold_rings(now=NOW + timedelta(minutes=1))
    decide(CategoryFactory())
    left_open = MisclassificationReport.objects.filter(status=ReportStatus.OPEN).count()

    rings.release_ring(
        ring_id=ReportRing.objects.get().pk, admin=AdminFactory(), note="A sale", now=NOW
    )

    assert left_open == CROWD
    assert MisclassificationReport.objects.filter(status=ReportStatus.UPHELD).count() == CROWD
    assert ReportCase.objects.get().status == CaseStatus.CLOSED
    assert rings.hold_rings(now=NOW + timedelta(minutes=2)) == 0


def test_released_reports_are_not_answered_by_what_moved_nothing(product, crowd):
    rings.hold_rings(now=NOW + timedelta(minutes=1))
    DecisionFactory(
        item__product=product,
        item__status=ReviewStatus.RESOLVED,
        item__resolved_at=NOW,
        item__reasons=[ReviewReason.GOLD],
        category=CategoryFactory(),
        decided_at=NOW + timedelta(minutes=5),
    )

    rings.release_ring(
        ring_id=ReportRing.objects.get().pk, admin=AdminFactory(), note="A sale", now=NOW
    )

    assert MisclassificationReport.objects.filter(status=ReportStatus.OPEN).count() == CROWD


def test_released_reports_weigh_in_again(product, crowd):
    rings.hold_rings(now=NOW + timedelta(minutes=1))

    rings.release_ring(ring_id=ReportRing.objects.get().pk, admin=AdminFactory(), note="", now=NOW)

    assert ReportCase.objects.get().score > 0


def test_a_ring_is_judged_once(product, crowd):
    void()

    with pytest.raises(rings.RingSettled):
        rings.release_ring(
            ring_id=ReportRing.objects.get().pk, admin=AdminFactory(), note="", now=NOW
        )

    assert RingEvent.objects.count() == 2


def test_a_crowd_that_has_not_signed_in_is_held_as_well(product, client):
    ReportPolicyFactory(allow_anonymous=True)
    submit(product, *[None] * CROWD, category=CategoryFactory())

    held = rings.hold_rings(now=NOW + timedelta(minutes=1))

    ring = ReportRing.objects.get()
    client.force_login(AdminFactory(language="en"))
    page = client.get(f"/rings/{ring.pk}/").content.decode()
    assert held == CROWD
    assert ring.events.get().details["accounts"] == CROWD
    assert page.count("not signed in") == CROWD


def file_reports(count, category, network, at):
    product = ListedProductFactory(category=category)
    ReportFactory.create_batch(
        count,
        product=product,
        case=None,
        status=ReportStatus.EXPIRED,
        resolved_at=NOW,
        network=network,
        created_at=at,
    )


def file_apart(count, category, network, **fields):
    for number in range(count):
        product = ListedProductFactory(category=category)
        at = NOW + timedelta(minutes=5 * number)
        ReportFactory(product=product, network=network, created_at=at, **fields)


@pytest.mark.parametrize(("network", "held"), [("carrier", 0), ("another", 6)])
def test_a_network_is_measured_by_what_it_reports_elsewhere(network, held):
    category, other = CategoryFactory(), CategoryFactory(family__slug="other")
    early = NOW - timedelta(hours=6)
    file_reports(12, category, "", early)
    file_reports(12, other, network, early)
    file_apart(6, other, "")
    file_apart(6, other, "")
    file_apart(6, category, "carrier")

    assert rings.hold_rings(now=NOW + timedelta(minutes=30)) == held


def test_an_anonymous_visitor_with_many_products_is_not_held():
    file_apart(5, CategoryFactory(), "home", reporter=None)

    assert rings.hold_rings(now=NOW + timedelta(minutes=30)) == 0
