"""Known answers: drawn with a decision, slipped in by a worker, and measuring one person's care."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction

from reviewapp.choices import KnownAnswerEnd, ReviewStatus, Verdict
from reviewapp.models import FeedbackLabel, KnownAnswerDraw, ReviewItem
from reviewapp.services import checks, review
from tests.concurrency import in_new_connection
from tests.factories import (
    NOW,
    CategoryFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.services.test_decisions import claimed, decide
from tests.services.test_undo import escalate, undo

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def known_answers(settings):
    settings.REVIEW_KNOWN_ANSWER_RATE = settings.REVIEW_KNOWN_ANSWER_FLOOR = 1.0


def offer(now=NOW):
    """Work off every draw, as a worker does; return how many there were."""
    draws = 0
    while checks.offer_known_answer(now=now):
        draws += 1
    return draws


def decide_and_offer(item, moderator):
    decision = decide(item, moderator, CategoryFactory())
    offer()
    return decision


def slipped_in():
    return ReviewItem.objects.filter(known_answer__isnull=False)


def test_a_known_answer_is_slipped_in_for_one_person_only(known_answers):
    known = KnownAnswerFactory()
    alice, bob = ModeratorFactory(), ModeratorFactory()

    decide_and_offer(claimed(alice), alice)

    item = ReviewItem.objects.get(known_answer=known)
    assert (item.only_for, item.is_blind) == (alice, True)
    assert review.claim_next(moderator=bob, now=NOW) is None
    assert review.claim_next(moderator=alice, now=NOW) == item.pk


def test_nobody_is_asked_what_he_or_she_has_answered_before(known_answers):
    known = KnownAnswerFactory()
    alice = known.decision.moderator

    decide_and_offer(claimed(alice), alice)

    assert not ReviewItem.objects.filter(known_answer=known).exists()


def test_only_one_known_answer_waits_for_a_person(known_answers):
    KnownAnswerFactory.create_batch(2)
    alice = ModeratorFactory()
    items = ReviewItemFactory.create_batch(2)
    first = review.claim_next(moderator=alice, now=NOW)
    review.claim_next(moderator=alice, now=NOW, have=[first])

    for item in items:
        decide(item, alice, CategoryFactory())
    offer()

    assert ReviewItem.objects.filter(known_answer__isnull=False).count() == 1


def test_answering_a_known_answer_changes_neither_label_nor_listing(known_answers):
    known = KnownAnswerFactory()
    alice = ModeratorFactory()
    decide_and_offer(claimed(alice), alice)
    item = ReviewItem.objects.get(known_answer=known)
    labels = FeedbackLabel.objects.filter(product=known.product).count()
    review.claim_next(moderator=alice, now=NOW)

    decision = decide(item, alice, CategoryFactory())

    known.product.refresh_from_db()
    assert decision.verdict in (Verdict.CONFIRMED, Verdict.CORRECTED)
    assert known.product.category == known.category
    assert FeedbackLabel.objects.filter(product=known.product).count() == labels


def test_a_new_decision_for_another_category_retires_the_known_answer():
    known = KnownAnswerFactory()
    alice = ModeratorFactory()

    decide(claimed(alice, product=known.product), alice, CategoryFactory())

    known.refresh_from_db()
    assert known.retired_because == KnownAnswerEnd.CHANGED


def test_a_known_answer_that_was_passed_on_is_a_leads_ordinary_question(known_answers):
    known = KnownAnswerFactory()
    alice = ModeratorFactory()
    decide_and_offer(claimed(alice), alice)
    item = ReviewItem.objects.get(known_answer=known)
    review.claim_next(moderator=alice, now=NOW)

    escalate(item, alice)

    item.refresh_from_db()
    assert (item.known_answer, item.only_for, item.checks) == (None, None, known.decision)


def test_a_forgotten_known_answer_gives_its_product_back(known_answers):
    KnownAnswerFactory()
    alice = ModeratorFactory()
    decide_and_offer(claimed(alice), alice)

    ended = checks.withdraw_forgotten(now=NOW + timedelta(days=8))

    assert ended == 1
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


def test_a_decision_only_draws_and_a_worker_slips_in_once(known_answers):
    KnownAnswerFactory.create_batch(2)
    alice = ModeratorFactory()

    decision = decide(claimed(alice), alice, CategoryFactory())
    at_once = slipped_in().count()
    draws = offer(), offer()

    assert (at_once, slipped_in().count()) == (0, 1)
    assert draws == (1, 0)
    assert slipped_in().get().only_for == decision.moderator


def test_a_repeated_request_draws_once(known_answers):
    KnownAnswerFactory()
    alice, category = ModeratorFactory(), CategoryFactory()
    item = claimed(alice)
    first = decide(item, alice, category)

    decide(item, alice, category, client_key=first.client_key)

    assert offer() == 1


def test_a_share_of_decisions_draws(settings):
    settings.REVIEW_KNOWN_ANSWER_RATE = 0.5
    alice, category = ModeratorFactory(), CategoryFactory()
    for _ in range(40):
        decide(claimed(alice), alice, category)

    assert 8 <= KnownAnswerDraw.objects.count() <= 32


def test_nothing_comes_of_an_undone_decision(known_answers):
    KnownAnswerFactory()
    alice = ModeratorFactory()
    undo(decide(claimed(alice), alice, CategoryFactory()), alice)

    assert (offer(), slipped_in().count()) == (1, 0)


@pytest.mark.parametrize(("passed", "found"), [(0.9 * HOUR, 1), (HOUR, 0)])
def test_nothing_comes_of_a_decision_from_before_a_standstill(known_answers, passed, found):
    KnownAnswerFactory()
    alice = ModeratorFactory()
    decide(claimed(alice), alice, CategoryFactory())

    assert (offer(NOW + passed), slipped_in().count()) == (1, found)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_give_nobody_two(known_answers):
    KnownAnswerFactory.create_batch(2)
    alice = ModeratorFactory()
    for _ in range(2):
        decide(claimed(alice), alice, CategoryFactory())

    with transaction.atomic():
        checks.offer_known_answer(now=NOW)
        with pytest.raises(OperationalError, match="lock timeout"):
            in_new_connection(offer_impatiently)
    offer()

    assert slipped_in().count() == 1


def offer_impatiently():
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    checks.offer_known_answer(now=NOW)


def test_a_draw_costs_the_decision_one_statement(known_answers, django_assert_num_queries):
    alice, category = ModeratorFactory(), CategoryFactory()
    decide(claimed(alice), alice, category)  # warm
    item = claimed(alice)

    # Those of `test_a_decision_asks_nothing_about_contests_where_there_are_none`, and the draw.
    with django_assert_num_queries(15):
        decide(item, alice, category)
