"""Whoever sells a product, has reported it or has appealed answers nothing about it."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from reviewapp.choices import ReviewReason, ReviewStatus
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import Decision, Product, ReviewItem
from reviewapp.selectors.review import out_of_reach, queue_state
from reviewapp.services import adjudications, assignments, bulk, decisions, reports, review
from reviewapp.services.appeals import submit_appeal
from reviewapp.services.bulk import BulkAnswer
from reviewapp.services.questions import NotForThisLead, answer_question
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    DisagreementFactory,
    FeedbackLabelFactory,
    KnownAnswerFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ReportFactory,
    ReviewItemFactory,
)

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=1)


def sells(person, product):
    Product.objects.filter(pk=product.pk).update(seller=person)


def has_reported(person, product):
    Product.objects.filter(pk=product.pk).update(category=CategoryFactory())
    ReportFactory(product=Product.objects.get(pk=product.pk), reporter=person)


@pytest.fixture(params=[sells, has_reported])
def party(request):
    """Makes somebody a party to a product."""
    return request.param


@pytest.fixture
def ann():
    return ModeratorFactory()


@pytest.fixture
def lead():
    return AdminFactory()


def held_by(person, item):
    """As if the item had been handed out before the person became a party."""
    ReviewItem.objects.filter(pk=item.pk).update(
        status=ReviewStatus.CLAIMED, claimed_by=person, claim_expires_at=NOW + timedelta(hours=1)
    )


@pytest.mark.parametrize("share", [0.0, 1.0], ids=["by rank", "by lot"])
@pytest.mark.parametrize(
    "queue", [EVERYTHING, ReviewQueue(days=1), ReviewQueue(ReviewReason.LOW_CONFIDENCE)]
)
def test_it_is_never_handed_to_a_party(party, ann, settings, share, queue):
    settings.REVIEW_EXPLORATION = share
    item = ReviewItemFactory(opened_at=NOW - timedelta(days=2))
    party(ann, item.product)

    own = review.claim_next(moderator=ann, now=NOW, queue=queue)
    anothers = review.claim_next(moderator=ModeratorFactory(), now=NOW, queue=queue)

    assert (own, anothers) == (None, item.pk)


def test_the_desk_says_that_somebody_else_must_answer(party, ann):
    party(ann, ReviewItemFactory().product)
    ReviewItemFactory()

    state, apart = queue_state(moderator=ann, now=NOW), out_of_reach(moderator=ann, now=NOW)

    assert (state.free, apart.for_others) == (1, 1)


def test_it_cannot_be_kept_for_a_party(party, ann):
    item = ReviewItemFactory()
    party(ann, item.product)
    until = NOW + timedelta(days=1)

    one = assignments.assign_product(product=item.product, moderator=ann, until=until, now=NOW)
    many = assignments.assign_slice(queue=EVERYTHING, moderator=ann, most=5, until=until, now=NOW)

    assert (one, many) == (False, 0)


def test_a_party_who_holds_it_cannot_decide(party, ann):
    item = ReviewItemFactory()
    held_by(ann, item)
    party(ann, item.product)

    with pytest.raises(decisions.ConflictOfInterest):
        decisions.decide(
            item_id=item.pk,
            moderator=ann,
            category=CategoryFactory(),
            client_key=uuid.uuid4(),
            now=NOW,
        )

    assert not Decision.objects.exists()


def test_it_stands_in_no_grid_of_a_party_and_is_refused_there(party, ann):
    category = CategoryFactory()
    mine, other = (ReviewItemFactory(group_key=7, suggested=category) for _ in range(2))
    PredictionFactory(product=mine.product, category=category)
    party(ann, mine.product)

    taken = bulk.claim_group(moderator=ann, group_key=7, category=category, now=NOW)
    held_by(ann, mine)
    outcome = bulk.decide_bulk(
        moderator=ann,
        category=category,
        answers=[BulkAnswer(mine.pk, uuid.uuid4(), mine.product.input_digest)],
        seconds=1.0,
        now=NOW,
    )

    other.refresh_from_db()
    assert (taken, other.claimed_by) == (1, ann)
    assert isinstance(outcome.refused[mine.pk], decisions.ConflictOfInterest)


def test_a_lead_answers_no_question_about_it(party, lead):
    item = ReviewItemFactory(escalated_at=NOW)
    party(lead, item.product)

    with pytest.raises(NotForThisLead):
        answer_question(
            item_id=item.pk,
            lead=lead,
            category=CategoryFactory(),
            comment="",
            client_key=uuid.uuid4(),
            now=NOW,
        )


def test_a_lead_decides_no_disagreement_about_it(party, lead):
    row = DisagreementFactory()
    party(lead, row.product)
    word = adjudications.Word(CategoryFactory(), "slip")

    with pytest.raises(adjudications.NotImpartial):
        adjudications.adjudicate(
            disagreement_id=row.pk, lead=lead, word=word, client_key=uuid.uuid4(), now=NOW
        )


def test_a_report_takes_the_item_out_of_ones_own_hands(ann):
    product = ListedProductFactory()
    item = ReviewItemFactory(product=product)
    assert review.claim_next(moderator=ann, now=NOW) == item.pk

    reports.submit_report(
        product=product, reporter=ann, suggested_category=None, comment="", now=NOW
    )

    item.refresh_from_db()
    assert (item.status, item.claimed_by) == (ReviewStatus.PENDING, None)
    assert review.claim_next(moderator=ann, now=LATER) is None


def test_an_undone_item_goes_to_somebody_else_when_its_author_is_a_party_by_now(ann, client):
    item = ReviewItemFactory()
    assert review.claim_next(moderator=ann, now=NOW) == item.pk
    decision = decisions.decide(
        item_id=item.pk, moderator=ann, category=CategoryFactory(), client_key=uuid.uuid4(), now=NOW
    )
    product = Product.objects.get(pk=item.product_id)
    reports.submit_report(
        product=product, reporter=ann, suggested_category=None, comment="", now=LATER
    )

    client.force_login(ann)
    answer = client.post(
        reverse("review:undo"),
        {"client_key": uuid.uuid4(), "of": decision.client_key},
        headers={"X-Requested-With": "desk"},
    )

    item.refresh_from_db()
    assert (item.status, item.claimed_by) == (ReviewStatus.PENDING, None)
    assert answer.status_code == 200
    assert "Desk-State" not in answer
    assert "data-conflict" in answer.content.decode()
    assert review.claim_next(moderator=ModeratorFactory(), now=LATER) == item.pk


def test_an_undone_known_answer_of_a_party_is_over(ann):
    known = KnownAnswerFactory()
    gold = {"reasons": [ReviewReason.GOLD], "known_answer": known, "only_for": ann}
    item = ReviewItemFactory(product=known.product, is_blind=True, **gold)
    assert review.claim_next(moderator=ann, now=NOW) == item.pk
    given = {"item_id": item.pk, "moderator": ann, "category": CategoryFactory(), "now": NOW}
    decision = decisions.decide(client_key=uuid.uuid4(), **given)
    ReportFactory(product=known.product, reporter=ann)

    decisions.undo(decision_id=decision.pk, moderator=ann, client_key=uuid.uuid4(), now=LATER)

    item.refresh_from_db()
    assert (item.status, item.resolved_at) == (ReviewStatus.RESOLVED, LATER)


def test_nobody_answers_an_own_appeal_also_when_the_product_has_changed_hands(ann):
    product = ListedProductFactory(seller=ann)
    FeedbackLabelFactory(
        product=product,
        category=product.category,
        decision=DecisionFactory(
            item__product=product, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
        ),
    )
    submit_appeal(
        product_id=product.pk, seller=ann, comment="A game", wished_category=None, now=NOW
    )
    Product.objects.filter(pk=product.pk).update(seller=None)

    own = review.claim_next(moderator=ann, now=NOW)
    anothers = review.claim_next(moderator=ModeratorFactory(), now=NOW)

    assert (own, anothers is None) == (None, False)


def test_an_appeal_goes_to_the_leads_when_all_others_are_parties(lead):
    seller = ModeratorFactory()
    product = ListedProductFactory(seller=seller)
    decision = DecisionFactory(
        item__product=product, item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW
    )
    FeedbackLabelFactory(product=product, category=product.category, decision=decision)
    ReportFactory(product=product, reporter=ModeratorFactory())

    submit_appeal(
        product_id=product.pk, seller=seller, comment="A game", wished_category=None, now=NOW
    )

    item = ReviewItem.objects.get(product=product, status=ReviewStatus.PENDING)
    assert item.escalated_at == NOW
    assert review.claim_next(moderator=lead, now=NOW) == item.pk


def test_the_desk_tells_a_party_why_the_answer_is_refused(client, party, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    ann = ModeratorFactory(language="en")
    item = ReviewItemFactory()
    held_by(ann, item)
    party(ann, item.product)
    client.force_login(ann)

    answer = client.post(
        f"/review/items/{item.pk}/decide/",
        {"category": CategoryFactory().code, "client_key": str(uuid.uuid4())},
    )

    assert answer.status_code == 409
    assert "somebody else must answer" in answer.content.decode()
