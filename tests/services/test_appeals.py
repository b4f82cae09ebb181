"""Appeals: once per decision, answered by somebody else, opened again by an undo."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from reviewapp.choices import AppealStatus, ReviewReason, ReviewStatus, RouteOutcome
from reviewapp.domain.appeals import WINDOW, AppealRefusal
from reviewapp.models import Appeal, Product, ReviewItem, Route
from reviewapp.selectors.review import out_of_reach, queue_state
from reviewapp.services import decisions, review
from reviewapp.services.appeals import AppealRefused, submit_appeal
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    ProductFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
    SellerFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return SellerFactory()


@pytest.fixture
def first():
    return ModeratorFactory(username="first")


def decided(seller, moderator, category=None):
    """A product that `moderator` has put into a category."""
    item = ReviewItemFactory(product=ProductFactory(seller=seller, status="in_review"))
    assert review.claim_next(moderator=moderator, now=NOW) == item.pk
    answer(item, moderator, category or CategoryFactory())
    return item.product


def answer(item, moderator, category, now=NOW):
    return decisions.decide(
        item_id=item.pk, moderator=moderator, category=category, client_key=uuid.uuid4(), now=now
    )


def appeal(product, seller, **changes):
    given = {"comment": "It is a game.", "wished_category": None, "now": NOW} | changes
    return submit_appeal(product_id=product.pk, seller=seller, **given)


def handed(moderator, minutes=1):
    item_id = review.claim_next(moderator=moderator, now=NOW + timedelta(minutes=minutes))
    return ReviewItem.objects.get(pk=item_id) if item_id else None


def refusal_of(product, seller, **changes):
    with pytest.raises(AppealRefused) as refused:
        appeal(product, seller, **changes)
    return refused.value.refusal


def test_whoever_answers_an_appeal_reads_it_unless_an_audit_hides_it(seller, first, settings):
    plain, audited = decided(seller, first), decided(seller, first)
    ModeratorFactory()
    settings.REVIEW_BLIND_SHARE = settings.REVIEW_SECOND_OPINION_SHARE = 1.0
    checked = decided(seller, first)
    ReviewItemFactory(product=audited, reasons=[ReviewReason.AUDIT], is_blind=True)

    for product in (plain, checked, audited):
        appeal(product, seller)

    open_items = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
    blind = dict(open_items.values_list("product", "is_blind"))
    assert blind == {plain.pk: False, checked.pk: False, audited.pk: True}


@pytest.mark.parametrize("has_reader", [True, False])
def test_an_audit_may_uphold_an_appeal_but_dismiss_none_that_somebody_else_can_read(
    seller, first, has_reader
):
    product, second = decided(seller, first), ModeratorFactory()
    if has_reader:
        ModeratorFactory(username="third")
    audit = ReviewItemFactory(product=product, reasons=[ReviewReason.AUDIT], is_blind=True)
    filed = appeal(product, seller)
    assert handed(second) == audit

    answer(audit, second, filed.contested_category)

    filed.refresh_from_db()
    waiting = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).filter(product=product)
    assert filed.status == (AppealStatus.OPEN if has_reader else AppealStatus.DISMISSED)
    assert [(i.reasons, i.is_blind) for i in waiting] == [
        ([ReviewReason.SELLER_APPEAL], False)
    ] * has_reader
    assert handed(second) is None


def test_a_blind_answer_can_be_taken_back_until_somebody_reads_the_appeal_it_left(seller, first):
    product, second, third = decided(seller, first), ModeratorFactory(), ModeratorFactory()
    audit = ReviewItemFactory(product=product, reasons=[ReviewReason.AUDIT], is_blind=True)
    filed = appeal(product, seller)
    assert handed(second) == audit
    given = answer(audit, second, filed.contested_category)

    decisions.undo(decision_id=given.pk, moderator=second, client_key=uuid.uuid4(), now=NOW)

    [waiting] = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
    assert (waiting, waiting.claimed_by) == (audit, second)
    given = answer(audit, second, CategoryFactory())
    filed.refresh_from_db()
    assert (filed.status, filed.answer) == (AppealStatus.UPHELD, given)
    assert handed(third) is None


def test_a_blind_answer_that_leaves_the_contested_category_upholds_the_appeal(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    ModeratorFactory(username="third")
    audit = ReviewItemFactory(product=product, reasons=[ReviewReason.AUDIT], is_blind=True)
    filed = appeal(product, seller)
    assert handed(second) == audit

    answer(audit, second, CategoryFactory())

    filed.refresh_from_db()
    assert filed.status == AppealStatus.UPHELD
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


def test_an_appeal_goes_to_somebody_else_and_never_to_the_first_moderator(seller, first):
    product, second = decided(seller, first), ModeratorFactory()

    made = appeal(product, seller)

    assert made.decision.moderator == first
    assert handed(first) is None
    state, apart = queue_state(moderator=first, now=NOW), out_of_reach(moderator=first, now=NOW)
    assert (state.free, apart.for_others) == (0, 1)
    item = handed(second)
    assert item.product == product
    assert item.reasons == [ReviewReason.SELLER_APPEAL]
    product.refresh_from_db()
    assert product.status == "listed"


def test_another_category_upholds_the_appeal(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    made = appeal(product, seller)

    decision = answer(handed(second), second, CategoryFactory(), NOW + timedelta(minutes=2))

    made.refresh_from_db()
    assert (made.status, made.answer) == (AppealStatus.UPHELD, decision)
    assert made.resolved_at == NOW + timedelta(minutes=2)


def test_the_same_category_dismisses_it_for_good(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    made = appeal(product, seller)
    answer(handed(second), second, made.contested_category)

    made.refresh_from_db()
    assert made.status == AppealStatus.DISMISSED
    assert refusal_of(product, seller) == AppealRefusal.FINAL


def test_the_undo_of_the_answer_opens_it_again(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    made = appeal(product, seller)
    decision = answer(handed(second), second, CategoryFactory())

    decisions.undo(decision_id=decision.pk, moderator=second, client_key=uuid.uuid4(), now=NOW)

    made.refresh_from_db()
    product.refresh_from_db()
    assert (made.status, made.answer, made.resolved_at) == (AppealStatus.OPEN, None, None)
    assert product.category == made.contested_category
    item = ReviewItem.objects.get(product=product, status=ReviewStatus.CLAIMED)
    assert (item.claimed_by, item.reasons) == (second, [ReviewReason.SELLER_APPEAL])


def test_one_open_appeal_at_a_time_and_one_for_each_decision(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    appeal(product, seller)
    assert refusal_of(product, seller) == AppealRefusal.ALREADY_OPEN
    answer(handed(second), second, CategoryFactory(), NOW + timedelta(minutes=2))

    again = appeal(product, seller, now=NOW + timedelta(minutes=3))

    assert again.decision.moderator == second
    assert handed(first, 4) is None
    assert handed(second, 4) is None
    assert handed(ModeratorFactory(), 4) is not None


def test_an_automatic_listing_is_contested_once(seller, first):
    product = ListedProductFactory(seller=seller)
    route = Route.objects.create(
        product=product,
        policy=RoutingPolicyFactory(),
        outcome=RouteOutcome.LISTED,
        inclusion_probability=0.05,
        created_at=NOW,
    )

    made = appeal(product, seller, wished_category=CategoryFactory())

    assert (made.route, made.decision) == (route, None)
    assert handed(first).product == product


def test_what_the_first_moderator_holds_is_taken_back(seller, first):
    product = decided(seller, first)
    item = review.open_item(
        product=product, reasons=[ReviewReason.BUYER_REPORT], priority=2.0, now=NOW
    )
    assert handed(first) == item

    appeal(product, seller)

    item.refresh_from_db()
    assert (item.status, item.claimed_by) == (ReviewStatus.PENDING, None)
    with pytest.raises(decisions.ClaimLost):
        answer(item, first, CategoryFactory())


def test_without_another_moderator_it_goes_to_the_leads(seller, first):
    product, lead = decided(seller, first), AdminFactory()

    appeal(product, seller)

    item = ReviewItem.objects.get(product=product, status=ReviewStatus.PENDING)
    assert item.escalated_at == NOW
    assert handed(first) is None
    assert handed(lead) == item


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"now": NOW + WINDOW + timedelta(seconds=1)}, AppealRefusal.TOO_LATE),
        ({"wished_category": "same"}, AppealRefusal.SAME_CATEGORY),
    ],
)
def test_a_late_or_pointless_appeal_is_refused(seller, first, changes, refusal):
    category = CategoryFactory()
    product = decided(seller, first, category)
    if "wished_category" in changes:
        changes = {"wished_category": category}

    assert refusal_of(product, seller, **changes) == refusal
    assert not Appeal.objects.exists()


def test_nothing_to_contest_is_refused(seller):
    held = ProductFactory(seller=seller, status="in_review")
    imported = ListedProductFactory(seller=seller)

    assert refusal_of(held, seller) == AppealRefusal.NOT_LISTED
    assert refusal_of(imported, seller) == AppealRefusal.NOTHING_DECIDED


def test_anothers_product_is_as_absent_as_none(seller, first):
    product = decided(SellerFactory(), first)

    with pytest.raises(Product.DoesNotExist):
        appeal(product, seller)


def test_the_database_refuses_a_second_appeal_against_a_decision(seller, first):
    product, second = decided(seller, first), ModeratorFactory()
    made = appeal(product, seller)
    answer(handed(second), second, CategoryFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.create(
            product=product,
            seller=seller,
            decision=made.decision,
            contested_category=made.contested_category,
            comment="again",
            created_at=NOW,
        )
