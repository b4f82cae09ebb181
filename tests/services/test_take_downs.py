"""Reports that take a product out of the shop: told to the seller, contested, and taken back."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from reviewapp.choices import AppealStatus, ProductStatus, ReviewReason
from reviewapp.domain.appeals import AppealRefusal
from reviewapp.models import (
    Appeal,
    MisclassificationReport,
    Product,
    ReportRing,
    ReviewItem,
    TakeDown,
)
from reviewapp.selectors.appeals import contestable
from reviewapp.selectors.seller import categories_by_code
from reviewapp.selectors.statements import history
from reviewapp.services import decisions, reports, review, rings
from reviewapp.services.appeals import submit_appeal
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProvenBuyerFactory,
    ReportPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db
FIRST_LISTED = NOW - timedelta(days=30)
LATER = NOW + timedelta(minutes=5)
DECIDED = NOW + timedelta(minutes=6)


@pytest.fixture
def product():
    """Taken down by two proven reporters, as the policy wants it."""
    ReportPolicyFactory(hold_reopened=True)
    product = ListedProductFactory(
        seller=SellerFactory(language="en"),
        category__name_en="Toys",
        listed_at=FIRST_LISTED,
        arrived_at=FIRST_LISTED,
    )
    right = CategoryFactory()
    for person in ProvenBuyerFactory.create_batch(2):
        reports.submit_report(
            product=product, reporter=person, suggested_category=right, comment="", now=NOW
        )
    product.refresh_from_db()
    return product


def test_the_sellers_list_says_that_buyers_have_reported_it(product, client):
    client.force_login(product.seller)

    page = client.get(reverse("seller:products")).content.decode()

    assert "Buyers have reported the category" in page
    assert "The models were sure enough" not in page


def told(product):
    with translation.override("en"):
        return history(product=product, categories=categories_by_code())


def appeal(product, **changes):
    given = {"comment": "It is a toy.", "wished_category": None, "now": LATER} | changes
    return submit_appeal(product_id=product.pk, seller=product.seller, **given)


def decide(category):
    moderator = ModeratorFactory()
    return decisions.decide(
        item_id=review.claim_next(moderator=moderator, now=DECIDED),
        moderator=moderator,
        category=category,
        client_key=uuid.uuid4(),
        now=DECIDED,
    )


def set_reports_aside():
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    MisclassificationReport.objects.filter(status="open").update(ring=ring)
    rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=LATER)


def test_the_seller_reads_why_and_the_first_listing_stays_known(product):
    taken = TakeDown.objects.get()

    statement = told(product)[0]

    assert (product.status, product.category) == (ProductStatus.IN_REVIEW, None)
    assert (product.listed_at, taken.taken_down_at) == (FIRST_LISTED, NOW)
    assert (statement.kind, statement.is_automatic) == ("taken_down", True)
    assert statement.grounds == [
        "2 buyers have reported “Toys” as the wrong category, and together their reports weigh"
        " enough.",
        "That is what version 1 of the policy for reports asks for.",
    ]


def test_the_seller_contests_it_on_the_products_page(product, client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: LATER)
    client.force_login(product.seller)
    page = client.get(reverse("seller:product", args=[product.pk])).content.decode()

    sent = client.post(reverse("seller:appeal", args=[product.pk]), {"comment": "It is a toy."})

    assert "It was taken out of the shop until a moderator has decided." in page
    assert "Appeal against the removal from the shop" in page
    assert sent.status_code == 302
    made = Appeal.objects.get()
    assert (made.take_down, made.decision, made.route) == (TakeDown.objects.get(), None, None)
    assert contestable(product=product, now=LATER).refusal == AppealRefusal.ALREADY_OPEN
    item = ReviewItem.objects.get(product=product)
    assert item.reasons == [ReviewReason.BUYER_REPORT, ReviewReason.SELLER_APPEAL]


def test_putting_it_back_upholds_the_appeal(product):
    taken = TakeDown.objects.get()
    made = appeal(product, wished_category=taken.category)

    decide(taken.category)

    made.refresh_from_db()
    product.refresh_from_db()
    assert (made.wished_category, made.status) == (None, AppealStatus.UPHELD)
    assert (product.status, product.listed_at) == (ProductStatus.LISTED, FIRST_LISTED)
    assert (
        told(product)[0].title
        == "Your appeal was upheld: a moderator put the product back into “Toys”."
    )


def test_another_category_dismisses_the_appeal(product):
    made = appeal(product)

    decide(CategoryFactory(name_en="Books"))

    made.refresh_from_db()
    assert made.status == AppealStatus.DISMISSED
    assert told(product)[0].title == (
        "Your appeal was dismissed: a moderator found “Books” right, and not “Toys”."
    )


def test_without_an_appeal_the_history_says_where_it_was(product):
    decide(CategoryFactory(name_en="Books"))

    assert told(product)[0].title == "A moderator moved it from “Toys” to “Books”."
    product.refresh_from_db()
    assert contestable(product=product, now=LATER).take_down is None


def test_whoever_has_decided_before_is_not_handed_the_appeal():
    ReportPolicyFactory(hold_reopened=True, overrule_at=1.0)
    product, first = ListedProductFactory(seller=SellerFactory()), ModeratorFactory()
    item = review.open_item(
        product=product, reasons=[ReviewReason.LOW_CONFIDENCE], priority=1.0, now=NOW
    )
    assert review.claim_next(moderator=first, now=NOW) == item.pk
    decisions.decide(
        item_id=item.pk,
        moderator=first,
        category=product.category,
        client_key=uuid.uuid4(),
        now=NOW,
    )
    for person in ProvenBuyerFactory.create_batch(2):
        reports.submit_report(
            product=product, reporter=person, suggested_category=None, comment="", now=NOW
        )

    appeal(product)

    assert review.claim_next(moderator=first, now=LATER) is None
    assert review.claim_next(moderator=ModeratorFactory(), now=LATER) is not None


def test_reports_set_aside_bring_it_back_and_say_so(product):
    set_reports_aside()

    product.refresh_from_db()
    assert (product.status, product.listed_at) == (ProductStatus.LISTED, FIRST_LISTED)
    assert TakeDown.objects.get().restored_at == LATER
    assert told(product)[0].kind == "restored"


def test_an_appeal_does_not_keep_it_out_of_the_shop_and_is_answered_all_the_same(product):
    made, toys = appeal(product), TakeDown.objects.get().category

    set_reports_aside()
    product.refresh_from_db()
    is_back = product.status == ProductStatus.LISTED
    decide(toys)

    made.refresh_from_db()
    assert (is_back, made.status) == (True, AppealStatus.UPHELD)


def test_what_other_reports_carry_stays_down_when_a_ring_is_voided(product):
    ring = ReportRing.objects.create(signs=["same_product"], found_at=NOW, last_report_at=NOW)
    person = ProvenBuyerFactory()
    extra = MisclassificationReport.objects.filter(status="open").first()
    extra.pk, extra.reporter, extra.ring = None, person, ring
    extra.save(force_insert=True)

    rings.void_ring(ring_id=ring.pk, admin=AdminFactory(), note="", now=LATER)

    product.refresh_from_db()
    assert product.status == ProductStatus.IN_REVIEW


def test_a_changed_product_is_no_longer_contested_as_taken_down(product):
    Product.objects.filter(pk=product.pk).update(input_digest="0" * 64)
    product.refresh_from_db()

    found = contestable(product=product, now=LATER)

    assert (found.take_down, found.refusal) == (None, AppealRefusal.NOT_LISTED)


def test_an_item_has_one_standing_take_down(product):
    taken = TakeDown.objects.get()
    taken.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        taken.save(force_insert=True)
