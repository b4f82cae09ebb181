"""Queues: their order, the lot, and what the database does to serve them."""

import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.choices import MemberChoice, ReviewReason, ServedBy
from reviewapp.domain import queues
from reviewapp.domain.queues import ReviewQueue, parse
from reviewapp.models import Decision, ReviewItem
from reviewapp.models.review import AGEING_PER_DAY
from reviewapp.services import decisions, review
from tests.factories import (
    NOW,
    CategoryFactory,
    CategoryFamilyFactory,
    ModeratorFactory,
    PredictionFactory,
    ProductFactory,
    ReviewItemFactory,
)

DAY = timedelta(days=1)


def claim(moderator=None, **kwargs):
    return review.claim_next(moderator=moderator or ModeratorFactory(), now=NOW, **kwargs)


class Numbers:
    """Stands for random.random."""

    def __init__(self, *values):
        self.values = list(values)

    def __call__(self):
        return self.values.pop(0)


@pytest.mark.django_db
def test_waiting_makes_up_for_a_lower_priority_and_the_order_of_two_never_changes():
    days = 0.4 / AGEING_PER_DAY
    young = ReviewItemFactory(priority=0.9, opened_at=NOW)
    nearly = ReviewItemFactory(priority=0.5, opened_at=NOW - (days - 0.1) * DAY)
    older = ReviewItemFactory(priority=0.5, opened_at=NOW - (days + 0.1) * DAY)

    order = [claim(), claim(), claim()]

    assert order == [older.pk, young.pk, nearly.pk]


@pytest.mark.django_db
def test_a_family_queue_holds_what_fusion_put_there_and_nothing_blind():
    games = CategoryFamilyFactory(slug="games")
    category = CategoryFactory(family=games)
    product, blind, other = ProductFactory.create_batch(3)
    for each in (product, blind):
        PredictionFactory(
            product=each,
            member=MemberChoice.FUSION,
            category=category,
            input_digest=each.input_digest,
        )
    opened = [
        review.open_item(product=each, reasons=[reason], priority=0.5, now=NOW)
        for each, reason in (
            (product, ReviewReason.LOW_CONFIDENCE),
            (blind, ReviewReason.AUDIT),
            (other, ReviewReason.LOW_CONFIDENCE),
        )
    ]

    served = [claim(queue=ReviewQueue(family="games"), draw=lambda: 0.99) for _ in range(2)]

    assert served == [opened[0].pk, None]
    assert opened[1].family == games


@pytest.mark.django_db
def test_the_lot_takes_the_next_item_above_a_random_number_and_wraps_round(settings):
    settings.REVIEW_EXPLORATION = 0.15
    low, high = ReviewItemFactory(priority=0.9), ReviewItemFactory(priority=0.1)
    ReviewItem.objects.filter(pk=low.pk).update(draw=0.2)
    ReviewItem.objects.filter(pk=high.pk).update(draw=0.7)

    above = claim(draw=Numbers(0.5, 0.14))
    wrapped = claim(draw=Numbers(0.5, 0.14))

    assert [above, wrapped] == [high.pk, low.pk]
    assert ReviewItem.objects.get(pk=above).served_by == ServedBy.RANDOM


@pytest.mark.django_db
def test_the_decision_keeps_how_its_item_was_served(settings):
    settings.REVIEW_EXPLORATION = 0.15
    moderator = ModeratorFactory()
    ReviewItemFactory()

    item_id = claim(moderator, draw=Numbers(0.0, 0.15))
    decision = decisions.decide(
        item_id=item_id,
        moderator=moderator,
        category=CategoryFactory(),
        client_key=uuid.uuid4(),
        now=NOW,
    )

    stored = Decision.objects.get(pk=decision.pk)
    assert stored.served_by == ServedBy.RANK
    assert stored.serving_probability == pytest.approx(1.0)


@pytest.mark.django_db
def test_a_limited_queue_is_served_by_rank_alone(settings):
    settings.REVIEW_EXPLORATION = 1.0
    ReviewItemFactory(priority=0.1, reasons=[ReviewReason.AUDIT], is_blind=True)
    urgent = ReviewItemFactory(priority=0.9, reasons=[ReviewReason.AUDIT], is_blind=True)

    assert claim(queue=ReviewQueue(ReviewReason.AUDIT)) == urgent.pk


@pytest.mark.django_db
def test_the_lot_serves_every_item_about_as_often(settings):
    settings.REVIEW_EXPLORATION = 1.0
    items = ReviewItemFactory.create_batch(4)
    for place, item in enumerate(items):
        ReviewItem.objects.filter(pk=item.pk).update(draw=place / 4 + 0.1)
    served = dict.fromkeys((item.pk for item in items), 0)
    moderator = ModeratorFactory()

    for turn in range(40):
        served[claim(moderator, draw=Numbers(turn / 40, 0.5))] += 1
        review.release_all(moderator=moderator, now=NOW)

    assert set(served.values()) == {10}


@given(
    st.builds(
        ReviewQueue,
        reason=st.none() | st.sampled_from(queues.REASONS),
        family=st.sampled_from(["", "games", "home-and-garden"]),
        days=st.sampled_from([0, *queues.AGES]),
        is_high=st.booleans(),
        is_assigned=st.booleans(),
    )
)
def test_a_queue_is_read_as_it_was_written(queue):
    assert parse(str(queue)) == queue
    assert len(str(queue)) <= 200


@pytest.mark.parametrize("text", ["", "nonsense", "days:2", "family:", ",,"])
def test_words_that_mean_nothing_limit_nothing(text):
    assert parse(text).is_everything


def test_a_group_has_had_its_turns_after_so_many_in_a_row():
    assert queues.group_to_leave([7, 7, 7, 1]) == 7
    assert queues.group_to_leave([7, 7, 1]) is None
    assert queues.group_to_leave([7, 7]) is None
    assert queues.group_to_leave([None, None, None]) is None


@given(
    draws=st.lists(st.floats(0, 0.999), min_size=200, max_size=400, unique=True),
    start=st.floats(0, 0.5),
)
def test_the_estimate_of_what_waits_never_falls_below_one(draws, start):
    above = sorted(draw for draw in draws if draw >= start)[:64]

    assert queues.waiting_estimate(above, start, 64) >= 1.0


def test_the_estimate_of_what_waits_is_right_for_evenly_spread_draws():
    for count in (10, 100, 10_000):
        draws = [(place + 0.5) / count for place in range(count)]
        above = [draw for draw in draws if draw >= 0.25][:64]

        assert queues.waiting_estimate(above, 0.25, 64) == pytest.approx(count, rel=0.12)


@given(share=st.floats(0.001, 1), waiting=st.integers(1, 10_000))
def test_the_serving_probabilities_of_all_items_add_up_to_one(share, waiting):
    top = queues.serving_probability(ServedBy.RANK, share, waiting)
    others = queues.serving_probability(ServedBy.RANDOM, share, waiting)

    assert top + (waiting - 1) * others == pytest.approx(1.0)
