"""A careless moderator's answers are checked by colleagues, and nothing is lost or leaked by it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from reviewapp.choices import ReviewReason, ReviewStatus, ServedBy
from reviewapp.domain.checks import RECHECK_PRIORITY
from reviewapp.domain.rechecks import Outcome, Scope
from reviewapp.models import ComparisonTally, Disagreement, Product, ReviewItem
from reviewapp.selectors import rechecks as selectors
from reviewapp.selectors.comparisons import double_labelled
from reviewapp.services import rechecks, review
from reviewapp.services.comparisons import book_comparisons
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.services.test_decisions import claimed, decide
from tests.services.test_undo import live_label, undo

pytestmark = pytest.mark.django_db
WEEK = Scope(days=7)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def careless():
    return ModeratorFactory(username="careless")


@pytest.fixture
def lead():
    return AdminFactory(username="lea")


def answers(moderator, number=1, category=None):
    category = category or CategoryFactory()
    return [decide(claimed(moderator), moderator, category) for _ in range(number)]


def recheck(moderator, lead, scope=WEEK, now=LATER):
    return rechecks.open_recheck(
        moderator=moderator, lead=lead, scope=scope, comment="A bad week.", now=now
    )


def demote(moderator, lead):
    return rechecks.demote(moderator=moderator, lead=lead, comment="A bad week.", now=NOW)


def undo_recheck(row, lead):
    return rechecks.undo_recheck(recheck_id=row.pk, by=lead, comment="Our mistake.", now=LATER)


def outcome_of(moderator):
    return selectors.rechecks_of(moderator=moderator)[0].outcome


def answer_next(colleague, category):
    item_id = review.claim_next(moderator=colleague, now=LATER)
    return decide(ReviewItem.objects.get(pk=item_id), colleague, category, now=LATER)


def test_recent_answers_come_before_colleagues_all_at_once_blind_and_never_before_their_author(
    careless, lead
):
    made = answers(careless, 3)
    colleague = ModeratorFactory()
    answers(colleague, 1)

    opened = recheck(careless, lead)

    items = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
    assert {item.checks_id for item in items} == {decision.pk for decision in made}
    for item in items:
        assert (item.reasons, item.is_blind) == ([ReviewReason.SECOND_OPINION], True)
        assert (item.recheck, item.not_for) == (opened, careless)
        assert (item.priority, item.status) == (RECHECK_PRIORITY, ReviewStatus.PENDING)
    assert review.claim_next(moderator=careless, now=LATER) is None
    assert review.claim_next(moderator=colleague, now=LATER) is not None


def test_the_preview_says_what_the_recheck_then_opens(careless, lead):
    answers(careless, 3)
    before = selectors.preview(moderator=careless, scope=WEEK, now=LATER)

    recheck(careless, lead)

    after = selectors.preview(moderator=careless, scope=WEEK, now=LATER)
    assert (before.count, before.since, before.work) == (3, NOW, 30.0)
    assert outcome_of(careless).opened == before.count
    assert after.count == 0


def test_only_answers_within_reach_that_still_stand_are_checked(careless, lead):
    undone = answers(careless, 1)[0]
    undo(undone, careless)
    review.release_all(moderator=careless, now=NOW)
    ReviewItem.objects.filter(pk=undone.item_id).update(priority=-1)
    *_kept, edited, in_review, newest = answers(careless, 4)
    Product.objects.filter(pk=edited.product_id).update(input_digest=uuid.uuid4().hex * 2)
    ReviewItemFactory(product=in_review.product)

    def found(scope, now=LATER):
        rows = selectors.recheckable(moderator=careless, scope=scope, now=now)
        return [decision.pk for decision in rows]

    assert len(found(WEEK)) == 2
    assert found(Scope(last=1)) == [newest.pk]
    assert found(WEEK, NOW + timedelta(days=8)) == []


def test_an_agreeing_colleague_confirms_and_a_differing_one_makes_a_disagreement(careless, lead):
    wrong, right = CategoryFactory(), CategoryFactory()
    first = answers(careless, 1, wrong)[0]
    answers(careless, 1, right)
    recheck(careless, lead)
    colleague = ModeratorFactory()

    for _ in range(2):
        answer_next(colleague, right)

    assert outcome_of(careless) == Outcome(confirmed=1, changed=1)
    assert Disagreement.objects.get().first == first
    assert live_label(first.product) is None


def test_rechecks_accuse_nobody_and_bend_no_statistics(careless, lead):
    answers(careless, 2)
    recheck(careless, lead)
    colleague = ModeratorFactory()
    for _ in range(2):
        answer_next(colleague, CategoryFactory())

    book_comparisons(now=LATER + timedelta(hours=1))

    assert not ComparisonTally.objects.filter(kind="second").exists()
    assert double_labelled(most=10) == []


def test_taking_back_withdraws_what_nobody_has_answered(careless, lead):
    answers(careless, 3)
    opened = recheck(careless, lead)
    answer_next(ModeratorFactory(), CategoryFactory())
    holder = ModeratorFactory()
    review.claim_next(moderator=holder, now=LATER)

    withdrawn = undo_recheck(opened, lead)

    opened.refresh_from_db()
    assert withdrawn == 2
    assert (opened.undone_by, opened.undo_comment) == (lead, "Our mistake.")
    assert outcome_of(careless) == Outcome(changed=1, dropped=2)
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()
    with pytest.raises(rechecks.AlreadyUndone):
        undo_recheck(opened, lead)


def test_an_answer_taken_back_by_its_author_takes_its_check_along(careless, lead):
    decision = answers(careless, 1)[0]
    recheck(careless, lead)

    undo(decision, careless)

    assert outcome_of(careless) == Outcome(dropped=1)


def test_nothing_is_opened_when_there_is_nothing_or_nobody(careless, lead):
    with pytest.raises(rechecks.NothingToCheck):
        recheck(careless, lead)
    answers(careless, 1)
    lead.is_active = False
    lead.save()

    with pytest.raises(rechecks.NobodyToCheck):
        recheck(careless, lead)
    with pytest.raises(rechecks.NobodyToCheck):
        demote(careless, lead)
    assert not ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).exists()


def test_every_answer_of_a_demoted_moderator_is_checked_until_the_demotion_ends(
    careless, lead, settings
):
    settings.REVIEW_SECOND_OPINION_SHARE = 0.0
    demotion = demote(careless, lead)
    decision = answers(careless, 1)[0]
    check = ReviewItem.objects.get(checks=decision)

    with pytest.raises(rechecks.AlreadyDemoted):
        demote(careless, lead)
    undo_recheck(demotion, lead)
    later = answers(careless, 1)[0]

    assert (check.recheck, check.priority) == (demotion, RECHECK_PRIORITY)
    assert live_label(decision.product).decision == decision
    assert not ReviewItem.objects.filter(checks=later).exists()


def test_what_the_lot_has_drawn_counts_in_the_statistics_of_a_demoted_moderator_too(
    careless, lead, settings
):
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0
    demote(careless, lead)

    decision = answers(careless, 1)[0]

    assert ReviewItem.objects.get(checks=decision).recheck is None


def test_a_demoted_moderator_checks_nobody_and_gives_such_items_back(careless, lead, settings):
    settings.REVIEW_SECOND_OPINION_SHARE = 1.0
    answers(ModeratorFactory(), 2)
    held = review.claim_next(moderator=careless, now=NOW)
    in_grid = ReviewItemFactory(
        status=ReviewStatus.CLAIMED,
        claimed_by=careless,
        claim_expires_at=LATER,
        served_by=ServedBy.BULK,
    )

    demote(careless, lead)

    for pk in (held, in_grid.pk):
        assert ReviewItem.objects.get(pk=pk).status == ReviewStatus.PENDING
    assert review.claim_next(moderator=careless, now=NOW) == in_grid.pk
    assert review.claim_next(moderator=careless, now=NOW, have=[in_grid.pk]) is None


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_open_each_check_once(careless, lead):
    answers(careless, 5)
    other = AdminFactory()

    def order(who):
        try:
            return recheck(careless, who)
        except rechecks.NothingToCheck:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(order, (lead, other)))

    assert sum(one is not None for one in found) == 1
    assert ReviewItem.objects.filter(recheck__isnull=False).count() == 5
