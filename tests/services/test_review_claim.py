"""Handing out review items: each to one person, none lost."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections, transaction

from reviewapp.choices import ReviewReason, ReviewStatus, ServedBy
from reviewapp.domain.queues import ReviewQueue
from reviewapp.domain.review import LEAVE_GRACE, MOST_HELD
from reviewapp.models import ReviewItem
from reviewapp.selectors.review import held_item_id
from reviewapp.services import decisions, review
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ModeratorFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


def in_new_connection(work):
    """Run `work` in a thread of its own, hence on a connection of its own."""
    result = []

    def run():
        try:
            result.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=10)
    assert result, "the other connection waited or failed"
    return result[0]


def claim(moderator, **kwargs):
    return review.claim_next(moderator=moderator, now=kwargs.pop("now", NOW), **kwargs)


def after_lease(settings):
    return NOW + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)


def test_the_most_urgent_item_comes_first_and_then_the_oldest():
    moderator = ModeratorFactory()
    young = ReviewItemFactory(priority=0.5, opened_at=NOW)
    old = ReviewItemFactory(priority=0.5, opened_at=NOW - timedelta(hours=1))
    urgent = ReviewItemFactory(priority=0.9, opened_at=NOW)

    first = claim(moderator)
    second = claim(moderator, have=[first])
    third = claim(moderator, have=[first, second])

    assert [first, second, third] == [urgent.pk, old.pk, young.pk]


def test_a_claim_records_holder_lease_and_first_sight(settings):
    moderator = ModeratorFactory()
    ReviewItemFactory()

    item = ReviewItem.objects.get(pk=claim(moderator))

    assert item.status == ReviewStatus.CLAIMED
    assert item.claimed_by == moderator
    assert item.claim_expires_at == after_lease(settings)
    assert item.first_seen_at == NOW


def test_a_reloaded_page_gets_its_item_back_with_a_fresh_lease(settings):
    moderator = ModeratorFactory()
    held = ReviewItemFactory(priority=0.1)
    claim(moderator)
    ReviewItemFactory(priority=0.9)
    later = NOW + timedelta(seconds=60)

    again = claim(moderator, now=later)

    held.refresh_from_db()
    assert again == held.pk
    assert held.claim_expires_at == later + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)


def test_a_colleagues_item_is_not_handed_out_until_its_lease_ends(settings):
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    claim(alice)

    before = claim(bob, now=after_lease(settings) - timedelta(seconds=1))
    at_the_end = claim(bob, now=after_lease(settings))

    assert before is None
    assert at_the_end == item.pk


@pytest.mark.django_db(transaction=True)
def test_claiming_does_not_wait_for_another_moderator():
    ReviewItemFactory(priority=0.9)
    second = ReviewItemFactory(priority=0.1)
    alice, bob = ModeratorFactory(), ModeratorFactory()

    with transaction.atomic():  # Alice's claim is not committed yet
        claim(alice)
        claimed = in_new_connection(lambda: claim(bob))

    assert claimed == second.pk


@pytest.mark.django_db(transaction=True)
def test_people_who_drain_the_queue_together_never_get_the_same_item():
    ReviewItemFactory.create_batch(40)
    moderators = ModeratorFactory.create_batch(4)
    handed_out = []

    def drain(moderator):
        try:
            while (item_id := claim(moderator)) is not None:
                handed_out.append(item_id)
                ReviewItem.objects.filter(pk=item_id).update(
                    status=ReviewStatus.RESOLVED, claim_expires_at=None, resolved_at=NOW
                )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=drain, args=[moderator]) for moderator in moderators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(handed_out) == sorted(ReviewItem.objects.values_list("pk", flat=True))


def test_what_i_skipped_goes_to_others_only():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    item.skipped_by.add(alice)

    assert claim(alice) is None
    assert claim(bob) == item.pk


def test_skipped_items_come_back_on_request():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    item.skipped_by.add(alice, bob)

    forgotten = review.forget_skips(moderator=alice)

    assert forgotten == 1
    assert claim(bob) is None
    assert claim(alice) == item.pk


def test_an_escalated_item_goes_to_a_lead_only():
    moderator, lead = ModeratorFactory(), AdminFactory()
    item = ReviewItemFactory(escalated_at=NOW)

    assert claim(moderator) is None
    assert claim(lead) == item.pk


def test_a_reason_filters_both_free_and_own_items():
    moderator = ModeratorFactory()
    doubtful = ReviewItemFactory(priority=0.9)
    reported = ReviewItemFactory(reasons=[ReviewReason.BUYER_REPORT, ReviewReason.DISAGREEMENT])
    assert claim(moderator) == doubtful.pk

    filtered = claim(moderator, queue=ReviewQueue(ReviewReason.BUYER_REPORT))
    none_left = claim(moderator, queue=ReviewQueue(ReviewReason.BUYER_REPORT), have=[reported.pk])

    assert filtered == reported.pk
    assert none_left is None


def test_nobody_hoards():
    moderator = ModeratorFactory()
    ReviewItemFactory.create_batch(MOST_HELD + 1)
    have = []
    for _ in range(MOST_HELD):
        have.append(claim(moderator, have=have))

    with pytest.raises(review.TooManyHeld):
        claim(moderator, have=have)


def test_a_heartbeat_keeps_what_is_still_mine(settings):
    alice, bob = ModeratorFactory(), ModeratorFactory()
    mine, taken = ReviewItemFactory(priority=0.9), ReviewItemFactory()
    have = [claim(alice), claim(alice, have=[mine.pk])]
    ReviewItem.objects.filter(pk=taken.pk).update(claimed_by=bob)
    lapsed = after_lease(settings) + timedelta(seconds=5)

    kept = review.extend_claims(moderator=alice, item_ids=have, now=lapsed)

    assert kept == [mine.pk]
    assert claim(bob, now=lapsed, have=[taken.pk]) == taken.pk


def test_two_pages_of_one_person_are_never_handed_the_same_item():
    alice, first, second = ModeratorFactory(), uuid4(), uuid4()
    one, other = ReviewItemFactory(priority=0.9), ReviewItemFactory()

    handed = [claim(alice, page=first), claim(alice, page=second), claim(alice, page=second)]

    assert handed == [one.pk, other.pk, other.pk]
    assert claim(alice, page=second, have=[other.pk]) is None
    assert claim(alice, page=first) == one.pk


def test_a_page_that_is_left_lets_nothing_of_another_page_go():
    alice, first, second = ModeratorFactory(), uuid4(), uuid4()
    item = ReviewItemFactory()
    claim(alice, page=first)
    lease = item_expiry(item)
    asked = {"moderator": alice, "item_ids": [item.pk], "now": NOW}

    assert review.leave_items(**asked, page=second) == 0
    assert review.extend_claims(**asked, page=second) == []
    assert item_expiry(item) == lease
    assert review.leave_items(**asked, page=first) == 1


def test_a_page_takes_over_what_a_crashed_one_held_and_the_old_page_learns_of_it():
    alice, crashed, new = ModeratorFactory(), uuid4(), uuid4()
    one, other = ReviewItemFactory(priority=0.9), ReviewItemFactory(priority=0.5)
    held = [claim(alice, page=crashed), claim(alice, page=crashed, have=[one.pk])]
    assert claim(alice, page=new) is None

    count = review.take_over(moderator=alice, now=NOW, page=new)

    assert (count, claim(alice, page=new)) == (2, one.pk)
    assert review.extend_claims(moderator=alice, item_ids=held, now=NOW, page=crashed) == []
    assert claim(alice, page=new, have=[one.pk]) == other.pk


def test_nothing_of_a_colleague_s_and_no_grid_is_taken_over():
    alice, new = ModeratorFactory(), uuid4()
    colleagues = ReviewItemFactory()
    claim(ModeratorFactory(), page=uuid4())
    grid = ReviewItemFactory()
    claim(alice, page=uuid4())
    ReviewItem.objects.filter(pk=grid.pk).update(served_by=ServedBy.BULK)

    assert review.take_over(moderator=alice, now=NOW, page=new) == 0
    assert not ReviewItem.objects.filter(claim_page=new).exists()
    assert colleagues.pk != grid.pk


def test_what_no_page_has_shown_is_the_first_page_s_that_says_so():
    alice, first, second = ModeratorFactory(), uuid4(), uuid4()
    item = ReviewItemFactory()
    claim(alice)
    asked = {"moderator": alice, "item_ids": [item.pk], "now": NOW}

    assert review.extend_claims(**asked, page=first) == [item.pk]
    assert review.extend_claims(**asked, page=second) == []
    assert held_item_id(moderator=alice, now=NOW) is None


def test_leaving_the_page_frees_its_items_after_a_pause_that_a_reload_survives():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    claim(alice)

    left = review.leave_items(moderator=alice, item_ids=[item.pk], now=NOW)

    assert left == 1
    assert claim(bob, now=NOW + timedelta(seconds=1)) is None
    assert claim(bob, now=NOW + LEAVE_GRACE) == item.pk


def test_leaving_never_lengthens_a_lease_nor_touches_a_colleagues_item():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    claim(alice)
    ending = item_expiry(item) - timedelta(seconds=1)

    assert review.leave_items(moderator=alice, item_ids=[item.pk], now=ending) == 0
    assert review.leave_items(moderator=bob, item_ids=[item.pk], now=NOW) == 0


def item_expiry(item):
    return ReviewItem.objects.get(pk=item.pk).claim_expires_at


def test_logging_out_frees_everything_at_once():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory()
    claim(alice)

    assert review.release_all(moderator=alice, now=NOW) == 1
    assert claim(bob) == item.pk


def test_an_answer_that_waited_counts_after_logging_out_as_long_as_nobody_took_the_item():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    items = [ReviewItemFactory() for _ in range(2)]
    claimed = [claim(alice), claim(alice, have=[items[0].pk])]
    review.release_all(moderator=alice, now=NOW)
    taken = claim(bob)
    [left] = set(claimed) - {taken}

    def answer(item_id):
        decisions.decide(
            item_id=item_id,
            moderator=alice,
            category=CategoryFactory(),
            client_key=uuid4(),
            now=NOW,
        )

    answer(left)
    with pytest.raises(decisions.ClaimLost):
        answer(taken)


def audit(item):
    return review.open_item(
        product=item.product, reasons=[ReviewReason.AUDIT], priority=0.1, now=NOW
    )


def test_an_audit_makes_an_open_item_blind_that_nobody_has_seen():
    item = ReviewItemFactory(reasons=[ReviewReason.BUYER_REPORT])

    assert audit(item) == item

    item.refresh_from_db()
    assert item.is_blind
    assert item.reasons == [ReviewReason.BUYER_REPORT, ReviewReason.AUDIT]


def test_an_audit_cannot_unsee_what_a_moderator_has_seen():
    moderator, item = ModeratorFactory(), ReviewItemFactory()
    claim(moderator)

    audit(item)
    review.release_all(moderator=moderator, now=NOW)
    audit(item)

    item.refresh_from_db()
    assert not item.is_blind


def test_an_item_that_checks_somebodys_answer_is_never_handed_to_the_same_person():
    first, second = ModeratorFactory(), ModeratorFactory()
    item = ReviewItemFactory(not_for=first)

    refused, given = claim(first), claim(second)

    assert refused is None
    assert given == item.pk
