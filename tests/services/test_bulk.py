"""Grids of near duplicates: what they hold, who gets them, and what each decision is."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction

from reviewapp.choices import ReviewReason, ReviewStatus, ServedBy, Verdict
from reviewapp.models import Decision, FeedbackLabel, ReviewItem
from reviewapp.selectors.review import out_of_reach, queue_state
from reviewapp.selectors.review.bulk import bulk_groups, grid_items, near_duplicates
from reviewapp.services import bulk, decisions, review
from reviewapp.services.bulk import BulkAnswer
from reviewapp.services.decisions import ClaimLost, NotInBulk, ProductChanged
from tests.concurrency import in_new_connection
from tests.factories import (
    NOW,
    CategoryFactory,
    ModeratorFactory,
    PredictionFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def category():
    return CategoryFactory()


def alike(category, **fields):
    item = ReviewItemFactory(**({"group_key": 7, "suggested": category} | fields))
    PredictionFactory(product=item.product, category=category)
    return item


def claim(moderator, category, now=NOW, group_key=7):
    return bulk.claim_group(moderator=moderator, group_key=group_key, category=category, now=now)


def answers(items):
    return [BulkAnswer(i.pk, uuid.uuid4(), i.product.input_digest) for i in items]


def decide(moderator, category, tiles):
    return bulk.decide_bulk(
        moderator=moderator, category=category, answers=tiles, seconds=6.0, now=NOW
    )


def test_every_product_of_a_grid_gets_its_own_decision(category):
    ann, items = ModeratorFactory(), [alike(category) for _ in range(3)]
    claim(ann, category)

    outcome = decide(ann, category, answers(items))

    assert not outcome.refused
    made = Decision.objects.filter(moderator=ann)
    assert {d.item_id for d in made} == {item.pk for item in items}
    assert {(d.is_bulk, d.verdict, d.seconds) for d in made} == {(True, Verdict.CONFIRMED, 2.0)}
    assert {(d.served_by, d.serving_probability) for d in made} == {(ServedBy.BULK, None)}
    assert FeedbackLabel.objects.filter(ended_at=None, category=category).count() == 3


_ASKED = [
    ReviewReason.AUDIT,
    ReviewReason.SECOND_OPINION,
    ReviewReason.GOLD,
    ReviewReason.BUYER_REPORT,
    ReviewReason.SELLER_APPEAL,
]


@pytest.mark.parametrize(
    "fields",
    [
        *({"reasons": [ReviewReason.LOW_CONFIDENCE, reason]} for reason in _ASKED),
        {"is_blind": True},
        {"escalated_at": NOW},
        {"suggested": None},
        {"group_key": None},
    ],
)
def test_what_must_be_looked_at_by_itself_is_in_no_grid(category, fields):
    ann = ModeratorFactory()
    alone = alike(category, **fields)
    items = [alike(category) for _ in range(2)]

    claim(ann, category)

    held = grid_items(moderator=ann, group_key=7, category=category, now=NOW)
    assert alone not in held
    assert set(held) == set(items)


def test_an_item_that_somebody_asked_about_meanwhile_is_refused(category):
    ann, items = ModeratorFactory(), [alike(category) for _ in range(2)]
    claim(ann, category)
    review.open_item(
        product=items[0].product, reasons=[ReviewReason.BUYER_REPORT], priority=2.0, now=NOW
    )

    outcome = decide(ann, category, answers(items))

    assert isinstance(outcome.refused[items[0].pk], NotInBulk)
    assert [decision.item_id for decision in outcome.decisions] == [items[1].pk]


def test_a_lost_or_changed_item_is_refused_and_hinders_no_other(category):
    ann, ben = ModeratorFactory(), ModeratorFactory()
    lost, changed, fine = (alike(category) for _ in range(3))
    claim(ann, category)
    tiles = answers([lost, changed, fine])
    ReviewItem.objects.filter(pk=lost.pk).update(claimed_by=ben)
    decisions.decide(
        item_id=lost.pk, moderator=ben, category=category, client_key=uuid.uuid4(), now=NOW
    )
    changed.product.input_digest = "0" * 64
    changed.product.save()

    outcome = decide(ann, category, tiles)

    assert isinstance(outcome.refused[lost.pk], ClaimLost)
    assert outcome.refused[lost.pk].decision.moderator == ben
    assert isinstance(outcome.refused[changed.pk], ProductChanged)
    assert [decision.item_id for decision in outcome.decisions] == [fine.pk]


def test_the_same_grid_sent_twice_is_decided_once(category):
    ann, items = ModeratorFactory(), [alike(category) for _ in range(3)]
    claim(ann, category)
    tiles = answers(items)

    first, second = (decide(ann, category, tiles) for _ in range(2))

    assert [d.pk for d in first.decisions] == [d.pk for d in second.decisions]
    assert Decision.objects.count() == 3


def test_a_grid_takes_only_what_is_free_and_at_most_what_can_be_undone(category, settings):
    ann, ben = ModeratorFactory(), ModeratorFactory()
    items = [alike(category, priority=1 - n / 100) for n in range(6)]
    held = review.claim_next(moderator=ben, now=NOW)
    settings.REVIEW_UNDO_LIMIT = 3

    counts = [claim(ann, category), claim(ann, category)]

    assert held == items[0].pk
    assert counts == [3, 0]
    assert set(ReviewItem.objects.filter(claimed_by=ann)) == set(items[1:4])


def test_a_grid_is_of_one_category(category):
    ann, here = ModeratorFactory(), alike(category)
    alike(CategoryFactory())

    claim(ann, category)

    assert grid_items(moderator=ann, group_key=7, category=category, now=NOW) == [here]


def test_the_desk_does_not_serve_what_is_held_in_a_grid(category):
    ann = ModeratorFactory()
    for _ in range(6):
        alike(category)
    claim(ann, category)
    other = ReviewItemFactory(priority=0.1)

    assert review.claim_next(moderator=ann, now=NOW) == other.pk


def test_what_is_left_out_goes_back_to_the_queue(category):
    ann, items = ModeratorFactory(), [alike(category) for _ in range(2)]
    claim(ann, category)

    bulk.leave_out(moderator=ann, item_ids=[items[0].pk])

    assert review.claim_next(moderator=ModeratorFactory(), now=NOW) == items[0].pk
    assert ReviewItem.objects.get(pk=items[1].pk).status == ReviewStatus.CLAIMED


def test_a_grid_is_undone_as_a_whole(category):
    ann, items = ModeratorFactory(), [alike(category) for _ in range(3)]
    claim(ann, category)
    made = decide(ann, category, answers(items)).decisions
    keys = {decision.client_key: uuid.uuid4() for decision in made}

    counts = [bulk.undo_bulk(moderator=ann, keys=keys, now=NOW) for _ in range(2)]

    assert counts == [3, 3]
    assert not FeedbackLabel.objects.filter(ended_at=None).exists()
    assert set(ReviewItem.objects.values_list("status", flat=True)) == {ReviewStatus.CLAIMED}
    assert review.claim_next(moderator=ann, now=NOW) in {item.pk for item in items}


def test_what_a_grid_holds_is_told_apart_from_what_the_desk_hands_out(category):
    ann = ModeratorFactory()
    for _ in range(3):
        alike(category)
    claim(ann, category)

    state = queue_state(moderator=ann, now=NOW, page=uuid.uuid4())
    elsewhere = out_of_reach(moderator=ann, now=NOW)

    assert (state.free, state.mine, state.elsewhere) == (0, 0, 0)
    assert elsewhere.in_grids == 3
    assert elsewhere.is_any


def test_groups_are_listed_by_urgency_without_what_stands_alone(
    category, django_assert_num_queries
):
    ann, other = ModeratorFactory(), CategoryFactory()
    for _n in range(3):
        alike(category, priority=0.2)
        alike(other, priority=0.9, group_key=8)
    ReviewItemFactory(group_key=9, suggested=category)

    with django_assert_num_queries(5):
        found = bulk_groups(moderator=ann, now=NOW)

    assert [(g.group_key, g.category, g.count) for g in found] == [(8, other, 3), (7, category, 3)]


def test_a_lapsed_grid_is_free_for_others(category):
    ann, ben = ModeratorFactory(), ModeratorFactory()
    for _ in range(2):
        alike(category)
    claim(ann, category)

    assert claim(ben, category) == 0
    assert claim(ben, category, now=NOW + timedelta(hours=1)) == 2


def test_a_card_counts_its_near_duplicates(category):
    first, *_others = [alike(category) for _ in range(3)]
    alike(category, is_blind=True)

    assert near_duplicates(first) == 2
    assert near_duplicates(ReviewItemFactory()) == 0


@pytest.mark.django_db(transaction=True)
def test_a_grid_is_claimed_outside_of_any_transaction(category):
    ann = ModeratorFactory()
    for _ in range(2):
        alike(category)

    assert claim(ann, category) == 2


@pytest.mark.django_db(transaction=True)
def test_two_moderators_never_get_the_same_tile(category, settings):
    settings.REVIEW_UNDO_LIMIT = 4
    ann, ben = ModeratorFactory.create_batch(2)
    items = [alike(category, priority=1 - n / 100) for n in range(8)]

    with transaction.atomic():
        claim(ann, category)
        # Ann's claim is not committed yet, and Ben does not wait for it.
        in_new_connection(lambda: claim(ben, category))

    anns, bens = (ReviewItem.objects.filter(claimed_by=person) for person in (ann, ben))
    assert set(anns) == set(items[:4])
    assert set(bens) == set(items[4:])


def test_a_share_of_a_grid_is_double_labelled_too(category, settings):
    settings.REVIEW_SECOND_OPINION_SHARE = 0.5
    ann, ben, items = ModeratorFactory(), ModeratorFactory(), [alike(category) for _ in range(16)]
    claim(ann, category)

    decide(ann, category, answers(items))

    second = ReviewItem.objects.filter(checks__is_bulk=True, is_blind=True)
    assert 2 <= second.count() <= 14
    assert {item.not_for for item in second} == {ann}
    assert review.claim_next(moderator=ben, now=NOW) in {item.pk for item in second}
    assert not bulk_groups(moderator=ben, now=NOW)
