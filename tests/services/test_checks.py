"""Checks of answers: drawn beside decisions, given without knowing, and never a way to harm a label."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import (
    DisagreementKind,
    ProductStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.models import Disagreement, KnownAnswer, ReviewItem
from reviewapp.services import checks, review
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
)
from tests.services.test_decisions import claimed, decide
from tests.services.test_undo import escalate, live_label, undo

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_opinions(settings):
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0


def check_of(decision):
    return ReviewItem.objects.get(checks=decision)


def answered_twice(first_category, second_category, *, is_blind=False):
    """One moderator decides, another gives the second opinion; return both decisions."""
    alice, bob = ModeratorFactory(), ModeratorFactory()
    first = decide(claimed(alice, is_blind=is_blind), alice, first_category)
    item = check_of(first)
    assert review.claim_next(moderator=bob, now=NOW) == item.pk
    return first, decide(item, bob, second_category)


def opened(number=1):
    """Open an item for each of `number` classified products, as routing does."""
    items = []
    for _ in range(number):
        product = PredictionFactory(product=ProductFactory(status=ProductStatus.IN_REVIEW)).product
        reasons = [ReviewReason.LOW_CONFIDENCE]
        items.append(review.open_item(product=product, reasons=reasons, priority=0.5, now=NOW))
    return items


def test_a_share_of_ordinary_items_is_blind_and_keeps_its_draw(settings):
    settings.REVIEW_BLIND_SHARE = 0.5

    items = opened(40)

    blind = [item for item in items if item.is_blind]
    assert 8 <= len(blind) <= 32
    drawn = [checks.is_drawn_blind(item_id=item.pk, has_answer=True) for item in items]
    assert drawn == [item.is_blind for item in items]


def test_what_will_be_answered_twice_is_blind_from_the_first_answer_on(settings):
    settings.REVIEW_SECOND_OPINION_SHARE = settings.REVIEW_BLIND_SHARE = 0.5
    alice, category = ModeratorFactory(), CategoryFactory()
    ModeratorFactory()

    items = opened(30)
    for item in items:
        decide(review_claim(item, alice), alice, category)

    checked = set(
        ReviewItem.objects.filter(checks__isnull=False).values_list("checks__item", flat=True)
    )
    assert checked == {item.pk for item in items if item.is_blind}
    assert 4 <= len(checked) <= 26


def test_it_is_blind_although_no_model_has_an_answer(settings):
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0

    item = review.open_item(
        product=ProductFactory(), reasons=[ReviewReason.FAILED], priority=1.0, now=NOW
    )

    assert item.is_blind


def test_a_share_of_what_was_answered_in_sight_of_the_models_is_checked_by_another_lot(settings):
    settings.REVIEW_IN_SIGHT_CHECK_SHARE = 1.0
    alice = ModeratorFactory()
    ModeratorFactory()

    seen, blind = (
        decide(claimed(alice, is_blind=is_blind), alice, CategoryFactory())
        for is_blind in (False, True)
    )

    assert check_of(seen).is_blind
    assert not ReviewItem.objects.filter(checks=blind).exists()


def review_claim(item, moderator):
    """Take the item itself, wherever it lies in the queue."""
    ReviewItem.objects.filter(pk=item.pk).update(
        status=ReviewStatus.CLAIMED,
        claimed_by=moderator,
        claim_expires_at=NOW + timedelta(minutes=3),
    )
    return item


def test_an_item_without_an_answer_of_fusion_is_not_blind(settings):
    settings.REVIEW_BLIND_SHARE = 1.0

    item = review.open_item(
        product=ProductFactory(), reasons=[ReviewReason.FAILED], priority=1.0, now=NOW
    )

    assert not item.is_blind


def test_a_second_opinion_is_opened_beside_the_decision_blind_and_for_others(second_opinions):
    alice = ModeratorFactory()
    ModeratorFactory()

    decision = decide(claimed(alice), alice, CategoryFactory())

    item = check_of(decision)
    assert (item.reasons, item.is_blind) == ([ReviewReason.SECOND_OPINION], True)
    assert (item.not_for, item.status) == (alice, ReviewStatus.PENDING)
    assert review.claim_next(moderator=alice, now=NOW) is None


def test_nobody_is_asked_for_a_second_opinion_when_nobody_else_is_there(second_opinions):
    alice = ModeratorFactory()

    decide(claimed(alice), alice, CategoryFactory())

    assert not ReviewItem.objects.filter(checks__isnull=False).exists()


def test_an_agreeing_second_opinion_leaves_label_and_listing_alone(second_opinions):
    category = CategoryFactory()

    first, second = answered_twice(category, category)

    assert live_label(first.product).decision == first
    assert second.is_blind
    assert not Disagreement.objects.exists()
    assert not hasattr(second, "label")
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


def test_a_differing_second_opinion_is_kept_as_a_disagreement(second_opinions):
    first, second = answered_twice(CategoryFactory(), CategoryFactory())

    disagreement = Disagreement.objects.get()
    assert (disagreement.first, disagreement.second) == (first, second)
    assert disagreement.kind == DisagreementKind.SECOND_OPINION
    assert live_label(first.product) is None
    first.product.refresh_from_db()
    assert first.product.category == first.category


def test_undoing_the_second_opinion_withdraws_the_disagreement(second_opinions):
    first, second = answered_twice(CategoryFactory(), CategoryFactory())

    undo(second, second.moderator)

    first.product.refresh_from_db()
    assert Disagreement.objects.get().closed_at is not None
    assert live_label(first.product).category == first.category
    assert first.product.category == first.category
    item = check_of(first)
    assert (item.status, item.claimed_by) == (ReviewStatus.CLAIMED, second.moderator)


def test_a_second_opinion_given_anew_is_compared_again_but_no_longer_blind(second_opinions):
    first, second = answered_twice(CategoryFactory(), CategoryFactory())
    undo(second, second.moderator)

    anew = decide(check_of(first), second.moderator, first.category)

    assert not anew.is_blind
    assert not Disagreement.objects.filter(closed_at=None).exists()
    assert live_label(first.product).category == first.category


def test_an_author_can_undo_although_a_check_is_open(second_opinions):
    alice = ModeratorFactory()
    ModeratorFactory()
    item = claimed(alice)
    decision = decide(item, alice, CategoryFactory())
    check = check_of(decision)

    undo(decision, alice)

    check.refresh_from_db()
    item.refresh_from_db()
    assert (check.status, item.status) == (ReviewStatus.RESOLVED, ReviewStatus.CLAIMED)
    assert live_label(item.product) is None


def test_a_product_edited_since_is_decided_anew_not_compared(second_opinions):
    alice, bob, category = ModeratorFactory(), ModeratorFactory(), CategoryFactory()
    first = decide(claimed(alice), alice, CategoryFactory())
    first.product.input_digest = uuid.uuid4().hex * 2
    first.product.save()
    review.claim_next(moderator=bob, now=NOW)

    second = decide(check_of(first), bob, category)

    assert live_label(first.product).decision == second
    assert not Disagreement.objects.exists()


def test_a_report_turns_a_check_into_an_ordinary_case(second_opinions):
    alice, bob, category = ModeratorFactory(), ModeratorFactory(), CategoryFactory()
    first = decide(claimed(alice), alice, CategoryFactory())
    check = check_of(first)

    review.open_item(
        product=first.product, reasons=[ReviewReason.BUYER_REPORT], priority=2.0, now=NOW
    )
    review.claim_next(moderator=bob, now=NOW)
    second = decide(check, bob, category)

    assert second.reasons == [ReviewReason.BUYER_REPORT]
    assert live_label(first.product).category == category
    assert not Disagreement.objects.exists()


def test_a_lead_decides_what_was_passed_on_whatever_it_checked(second_opinions):
    alice, bob, lead = ModeratorFactory(), ModeratorFactory(), AdminFactory()
    first = decide(claimed(alice), alice, CategoryFactory())
    check = check_of(first)
    review.claim_next(moderator=bob, now=NOW)
    escalate(check, bob)

    assert review.claim_next(moderator=lead, now=NOW) == check.pk
    answer = decide(check, lead, CategoryFactory())

    assert live_label(first.product).decision == answer
    assert not Disagreement.objects.exists()


def test_two_equal_blind_answers_make_a_known_answer(second_opinions):
    category = CategoryFactory()

    first, second = answered_twice(category, category, is_blind=True)

    known = KnownAnswer.objects.get()
    assert (known.product, known.category, known.decision) == (first.product, category, second)


def test_an_answer_that_had_seen_the_models_makes_no_known_answer(second_opinions):
    category = CategoryFactory()

    answered_twice(category, category)

    assert not KnownAnswer.objects.exists()
