"""Undo: everything a decision caused is taken back, or nothing is."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import ProductStatus, ReportStatus, ReviewReason, ReviewStatus, Verdict
from reviewapp.domain.queues import ReviewQueue
from reviewapp.domain.review import UndoRefusal
from reviewapp.models import Decision, FeedbackLabel, ReviewItem
from reviewapp.selectors.review import card, held_item_id
from reviewapp.services import decisions, review
from reviewapp.services.listing import hold_product
from tests.factories import (
    NOW,
    CategoryFactory,
    KnownAnswerFactory,
    ListedProductFactory,
    ModeratorFactory,
    ReportFactory,
    ReviewItemFactory,
)
from tests.services.test_decisions import claimed, decide

pytestmark = pytest.mark.django_db


def undo(decision, moderator, **kwargs):
    given = {"client_key": uuid.uuid4(), "now": NOW + timedelta(minutes=1), **kwargs}
    return decisions.undo(decision_id=decision.pk, moderator=moderator, **given)


def skip(item, moderator, **kwargs):
    return decisions.skip(
        item_id=item.pk,
        moderator=moderator,
        reason="unclear",
        client_key=uuid.uuid4(),
        now=NOW,
        **kwargs,
    )


def escalate(item, moderator):
    return decisions.escalate(
        item_id=item.pk, moderator=moderator, comment="?", client_key=uuid.uuid4(), now=NOW
    )


def live_label(product):
    return FeedbackLabel.objects.filter(product=product, ended_at=None).first()


def test_undo_takes_back_label_and_listing_and_returns_the_item():
    moderator = ModeratorFactory()
    item = claimed(moderator)
    decision = decide(item, moderator, CategoryFactory())

    record = undo(decision, moderator)

    item.refresh_from_db()
    item.product.refresh_from_db()
    assert (record.verdict, record.undoes) == (Verdict.UNDONE, decision)
    assert live_label(item.product) is None
    assert (item.product.status, item.product.category) == (ProductStatus.IN_REVIEW, None)
    assert item.product.listed_at is None
    assert (item.status, item.claimed_by) == (ReviewStatus.CLAIMED, moderator)
    assert (item.priority, item.reasons) == (0.5, [ReviewReason.LOW_CONFIDENCE])


def test_undo_reopens_the_reports_and_restores_the_old_listing():
    moderator, product = ModeratorFactory(), ListedProductFactory()
    category = product.category
    report = ReportFactory(product=product)
    decision = decide(claimed(moderator, product=product), moderator, CategoryFactory())

    undo(decision, moderator)

    report.refresh_from_db()
    product.refresh_from_db()
    assert report.status == ReportStatus.OPEN
    assert (product.status, product.category) == (ProductStatus.LISTED, category)
    assert product.listed_at == NOW


def test_the_superseded_label_comes_back_as_a_new_row_with_its_provenance():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    first = claimed(alice)
    decide(first, alice, CategoryFactory())
    original = live_label(first.product)
    second = decide(claimed(bob, product=first.product), bob, CategoryFactory())

    record = undo(second, bob)

    restored = live_label(first.product)
    original.refresh_from_db()
    assert restored != original
    assert original.ended_at is not None
    assert (restored.category, restored.moderator) == (original.category, alice)
    assert restored.decision == record


def test_decisions_on_one_product_are_undone_newest_first():
    moderator = ModeratorFactory()
    item = claimed(moderator)
    first = decide(item, moderator, CategoryFactory())
    second = decide(claimed(moderator, product=item.product), moderator, CategoryFactory())

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(first, moderator)
    undo(second, moderator)

    assert refused.value.refusal == UndoRefusal.NEWER_DECISION
    with pytest.raises(decisions.UndoRefused) as still_open:
        undo(first, moderator)
    assert still_open.value.refusal == UndoRefusal.NEW_ITEM


def test_undo_by_the_same_key_happens_once_and_a_second_undo_is_refused():
    moderator = ModeratorFactory()
    decision = decide(claimed(moderator), moderator, CategoryFactory())
    key = uuid.uuid4()

    first = undo(decision, moderator, client_key=key)

    assert undo(decision, moderator, client_key=key) == first
    with pytest.raises(decisions.UndoRefused) as refused:
        undo(decision, moderator)
    assert refused.value.refusal == UndoRefusal.NEWER_DECISION


def test_a_late_repeat_of_an_undone_decision_does_not_decide_again():
    moderator = ModeratorFactory()
    item, key, category = claimed(moderator), uuid.uuid4(), CategoryFactory()
    decision = decide(item, moderator, category, client_key=key)
    undo(decision, moderator)

    repeated = decide(item, moderator, category, client_key=key)

    assert repeated == decision
    assert live_label(item.product) is None


def test_nobody_undoes_a_colleagues_decision():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    decision = decide(claimed(alice), alice, CategoryFactory())

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(decision, bob)

    assert refused.value.refusal == UndoRefusal.NOT_YOURS
    assert live_label(decision.product) is not None


def test_only_the_last_decisions_can_be_undone_in_any_order(settings):
    settings.REVIEW_UNDO_LIMIT = 2
    moderator = ModeratorFactory()
    made = [
        decide(claimed(moderator), moderator, CategoryFactory(), now=NOW + timedelta(seconds=n))
        for n in range(3)
    ]

    undo(made[1], moderator)
    with pytest.raises(decisions.UndoRefused) as refused:
        undo(made[0], moderator)

    assert refused.value.refusal == UndoRefusal.TOO_OLD
    assert live_label(made[2].product) is not None


def test_an_item_reported_anew_must_be_decided_there():
    moderator = ModeratorFactory()
    decision = decide(claimed(moderator), moderator, CategoryFactory())
    ReviewItemFactory(product=decision.product)

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(decision, moderator)

    assert refused.value.refusal == UndoRefusal.NEW_ITEM


def test_a_product_that_moved_on_is_left_alone():
    moderator = ModeratorFactory()
    decision = decide(claimed(moderator), moderator, CategoryFactory())
    hold_product(product=decision.product)

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(decision, moderator)

    assert refused.value.refusal == UndoRefusal.PRODUCT_CHANGED


def test_a_blind_item_is_not_blind_the_second_time():
    moderator = ModeratorFactory()
    item = claimed(moderator, is_blind=True, reasons=[ReviewReason.AUDIT])

    undo(decide(item, moderator, CategoryFactory()), moderator)

    assert not ReviewItem.objects.get(pk=item.pk).is_blind


def test_an_undone_skip_comes_back_unless_a_colleague_has_it():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    free, taken = claimed(alice), None
    undo(skip(free, alice), alice)
    taken = claimed_beside(alice, free)
    second = skip(taken, alice)
    assert review.claim_next(moderator=bob, now=NOW) == taken.pk

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(second, alice)

    assert ReviewItem.objects.get(pk=free.pk).claimed_by == alice
    assert refused.value.refusal == UndoRefusal.WITH_COLLEAGUE


def claimed_beside(moderator, held):
    item = ReviewItemFactory()
    assert review.claim_next(moderator=moderator, now=NOW, have=[held.pk]) == item.pk
    return item


def test_undoing_an_escalation_keeps_what_a_buyer_reported_meanwhile():
    moderator = ModeratorFactory()
    item = claimed(moderator, product=ListedProductFactory())
    decision = decisions.escalate(
        item_id=item.pk, moderator=moderator, comment="?", client_key=uuid.uuid4(), now=NOW
    )
    review.open_item(
        product=item.product, reasons=[ReviewReason.BUYER_REPORT], priority=2.0, now=NOW
    )

    undo(decision, moderator)

    item.refresh_from_db()
    assert item.escalated_at is None
    assert ReviewReason.BUYER_REPORT in item.reasons
    assert item.priority >= 2.0


def test_undoing_the_escalation_of_a_known_answer_makes_it_one_again():
    moderator, known = ModeratorFactory(), KnownAnswerFactory()
    item = gold(known, moderator)
    decision = escalate(item, moderator)

    undo(decision, moderator)

    back = ReviewItem.objects.get(pk=item.pk)
    assert (back.known_answer, back.only_for) == (known, moderator)
    assert (back.checks, back.not_for) == (None, None)
    assert (back.reasons, back.priority) == ([ReviewReason.GOLD], item.priority)


def test_an_undone_escalation_leaves_a_known_answer_that_something_has_joined():
    moderator, known = ModeratorFactory(), KnownAnswerFactory()
    item = gold(known, moderator)
    decision = escalate(item, moderator)
    report = [ReviewReason.BUYER_REPORT]
    review.open_item(product=item.product, reasons=report, priority=2.0, now=NOW)

    undo(decision, moderator)

    back = ReviewItem.objects.get(pk=item.pk)
    assert (back.known_answer, back.only_for) == (None, None)
    assert ReviewReason.BUYER_REPORT in back.reasons


def gold(known, moderator):
    return claimed(
        moderator,
        product=known.product,
        reasons=[ReviewReason.GOLD],
        known_answer=known,
        only_for=moderator,
        is_blind=True,
    )


def test_an_undone_decision_stays_on_record():
    moderator = ModeratorFactory()
    decision = decide(claimed(moderator), moderator, CategoryFactory())

    undo(decision, moderator)

    assert Decision.objects.filter(pk=decision.pk, verdict=Verdict.CORRECTED).exists()


@pytest.mark.parametrize("answer", [skip, escalate])
def test_a_case_that_was_closed_meanwhile_does_not_come_back(answer):
    moderator = ModeratorFactory()
    item = claimed(moderator)
    decision = answer(item, moderator)
    closed = {"status": ReviewStatus.RESOLVED, "resolved_at": NOW}
    ReviewItem.objects.filter(pk=item.pk).update(**closed)

    with pytest.raises(decisions.UndoRefused) as refused:
        undo(decision, moderator)

    item.refresh_from_db()
    assert refused.value.refusal == UndoRefusal.CASE_CLOSED
    assert (item.status, item.claimed_by) == (ReviewStatus.RESOLVED, None)
    assert Decision.objects.count() == 1


@pytest.mark.parametrize("queue", [ReviewQueue(ReviewReason.AUDIT), ReviewQueue(family="toys")])
def test_what_was_taken_back_comes_through_the_filter_that_a_blind_card_came_through(queue):
    moderator = ModeratorFactory()
    item = claimed(moderator, is_blind=True, reasons=[ReviewReason.AUDIT])
    decision = decide(item, moderator, CategoryFactory())
    ReviewItemFactory(is_blind=True)

    undo(decision, moderator)

    assert held_item_id(moderator=moderator, now=NOW, queue=queue) == item.pk
    assert review.claim_next(moderator=moderator, now=NOW, queue=queue) == item.pk


def test_an_undone_audit_offers_no_near_duplicates_that_a_check_never_has():
    moderator, category = ModeratorFactory(), CategoryFactory()
    alike = {"group_key": 7, "suggested": category}
    item = claimed(moderator, is_blind=True, reasons=[ReviewReason.AUDIT], **alike)
    ReviewItemFactory(**alike)
    decision = decide(item, moderator, category)

    undo(decision, moderator)

    assert card(item_id=item.pk, reader=moderator).near_duplicates == 0
