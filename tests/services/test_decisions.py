"""Deciding, skipping and escalating: once, by the holder, and with all that follows."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connections

from reviewapp.choices import (
    ProductStatus,
    ReportStatus,
    ReviewReason,
    ReviewStatus,
    RouteOutcome,
    SkipReason,
    Verdict,
)
from reviewapp.domain.review import Hold
from reviewapp.models import Decision, FeedbackLabel, ReviewItem, Route
from reviewapp.services import decisions, review
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    ListedProductFactory,
    ModeratorFactory,
    PredictionFactory,
    ReportFactory,
    ReviewItemFactory,
    RoutingPolicyFactory,
)

pytestmark = pytest.mark.django_db


def claimed(moderator, **kwargs):
    item = ReviewItemFactory(**kwargs)
    assert review.claim_next(moderator=moderator, now=NOW) == item.pk
    return item


def decide(item, moderator, category, **kwargs):
    given = {"client_key": uuid.uuid4(), "now": NOW, **kwargs}
    return decisions.decide(item_id=item.pk, moderator=moderator, category=category, **given)


def test_a_decision_lists_the_product_labels_it_and_ends_the_item():
    moderator, category = ModeratorFactory(), CategoryFactory()
    item = claimed(moderator)

    decision = decide(item, moderator, category, seconds=4.2)

    item.refresh_from_db()
    item.product.refresh_from_db()
    label = FeedbackLabel.objects.get(product=item.product)
    assert (item.status, item.resolved_at, item.claimed_by) == (ReviewStatus.RESOLVED, NOW, None)
    assert item.product.status == ProductStatus.LISTED
    assert item.product.category == category
    assert (label.category, label.decision, label.moderator) == (category, decision, moderator)
    assert (label.input_digest, label.ended_at) == (item.product.input_digest, None)
    assert (decision.seconds, decision.reasons) == (4.2, [ReviewReason.LOW_CONFIDENCE])


def test_a_decision_asks_nothing_about_contests_where_there_are_none(django_assert_num_queries):
    moderator, category = ModeratorFactory(), CategoryFactory()
    item = claimed(moderator)
    decide(item, moderator, category)  # warm: content types, permissions
    item = claimed(moderator)

    # Savepoint and release; product, item, key, prediction, label; decision, embedding, label,
    # product, known answer, item; demotion.
    with django_assert_num_queries(14):
        decide(item, moderator, category)


def test_the_verdict_compares_with_fusions_answer_to_the_present_product():
    moderator = ModeratorFactory()
    item = claimed(moderator)
    said = PredictionFactory(product=item.product)
    PredictionFactory(product=item.product, input_digest="older text", created_at=NOW)

    decision = decide(item, moderator, said.category)

    assert decision.verdict == Verdict.CONFIRMED
    assert decision.suggested_category == said.category
    assert decision.model_version == said.model_version


def test_another_category_than_fusions_corrects():
    moderator = ModeratorFactory()
    item = claimed(moderator)
    PredictionFactory(product=item.product)

    assert decide(item, moderator, CategoryFactory()).verdict == Verdict.CORRECTED


def test_an_audited_items_label_carries_the_audits_probability():
    moderator = ModeratorFactory()
    item = claimed(moderator, reasons=[ReviewReason.AUDIT], is_blind=True)
    route = Route.objects.create(
        product=item.product,
        policy=RoutingPolicyFactory(),
        outcome=RouteOutcome.LISTED,
        inclusion_probability=0.05,
        created_at=NOW,
    )
    ReviewItem.objects.filter(pk=item.pk).update(route=route)

    decide(item, moderator, CategoryFactory())

    label = FeedbackLabel.objects.get()
    assert (label.inclusion_probability, label.is_blind) == (0.05, True)


def test_a_repeated_request_gets_the_first_outcome_even_after_the_item_ended():
    moderator, first, second = ModeratorFactory(), CategoryFactory(), CategoryFactory()
    item = claimed(moderator)
    key = uuid.uuid4()
    decision = decide(item, moderator, first, client_key=key)

    repeated = decide(item, moderator, second, client_key=key, now=NOW + timedelta(days=1))

    assert repeated == decision
    assert Decision.objects.count() == FeedbackLabel.objects.count() == 1
    assert FeedbackLabel.objects.get().category == first


@pytest.mark.django_db(transaction=True)
def test_two_equal_requests_at_the_same_moment_are_one_decision():
    moderator, category = ModeratorFactory(), CategoryFactory()
    item = claimed(moderator)
    key = uuid.uuid4()
    outcomes = []
    together = threading.Barrier(4)

    def send():
        try:
            together.wait(timeout=10)
            outcomes.append(decide(item, moderator, category, client_key=key).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert outcomes == [Decision.objects.get().pk] * 4


def test_a_key_used_for_another_item_or_kind_of_answer_is_refused():
    moderator, category, key = ModeratorFactory(), CategoryFactory(), uuid.uuid4()
    first = claimed(moderator)
    decide(first, moderator, category, client_key=key)
    second = claimed(moderator)

    with pytest.raises(decisions.KeyReused):
        decide(second, moderator, category, client_key=key)
    with pytest.raises(decisions.KeyReused):
        decisions.skip(
            item_id=first.pk,
            moderator=moderator,
            reason=SkipReason.UNCLEAR,
            client_key=key,
            now=NOW,
        )


def test_a_lost_lease_shows_what_the_colleague_decided_and_overwrites_nothing(settings):
    alice, bob = ModeratorFactory(), ModeratorFactory()
    mine, theirs = CategoryFactory(), CategoryFactory()
    item = claimed(alice)
    later = NOW + timedelta(seconds=settings.REVIEW_LEASE_SECONDS)
    assert review.claim_next(moderator=bob, now=later) == item.pk

    with pytest.raises(decisions.ClaimLost) as while_held:
        decide(item, alice, mine, now=later)
    decision = decide(item, bob, theirs, now=later)
    with pytest.raises(decisions.ClaimLost) as after:
        decide(item, alice, mine, now=later)

    assert (while_held.value.state, while_held.value.decision) == (Hold.ANOTHERS, None)
    assert (after.value.state, after.value.decision) == (Hold.RESOLVED, decision)
    assert FeedbackLabel.objects.get().category == theirs


def test_an_item_never_claimed_cannot_be_decided_by_its_address():
    item = ReviewItemFactory()

    with pytest.raises(decisions.ClaimLost) as refused:
        decide(item, ModeratorFactory(), CategoryFactory())

    assert refused.value.state == Hold.FREE


def test_a_decision_that_waited_for_the_network_counts_while_nobody_took_the_item():
    moderator = ModeratorFactory()
    item = claimed(moderator)

    decision = decide(item, moderator, CategoryFactory(), now=NOW + timedelta(hours=3))

    assert decision.verdict == Verdict.CORRECTED


def test_a_product_edited_under_the_moderators_eyes_is_not_decided():
    moderator = ModeratorFactory()
    item = claimed(moderator)

    with pytest.raises(decisions.ProductChanged):
        decide(item, moderator, CategoryFactory(), seen_digest="what it was")

    assert not Decision.objects.exists()


def test_a_retired_category_is_refused():
    moderator = ModeratorFactory()

    with pytest.raises(decisions.CategoryRetired):
        decide(claimed(moderator), moderator, CategoryFactory(is_active=False))


def test_an_unknown_item_is_named_so():
    with pytest.raises(ReviewItem.DoesNotExist):
        decisions.decide(
            item_id=0,
            moderator=ModeratorFactory(),
            category=CategoryFactory(),
            client_key=uuid.uuid4(),
            now=NOW,
        )


def test_a_second_decision_supersedes_the_first_label():
    moderator = ModeratorFactory()
    first = claimed(moderator)
    decide(first, moderator, CategoryFactory())
    again = claimed(moderator, product=first.product)

    decide(again, moderator, CategoryFactory(), now=NOW + timedelta(minutes=1))

    old, new = FeedbackLabel.objects.order_by("id")
    assert (old.ended_at, old.superseded_by) == (NOW + timedelta(minutes=1), new)
    assert new.ended_at is None


def test_reports_are_upheld_when_the_product_moves_and_dismissed_when_it_stays():
    moderator = ModeratorFactory()
    wrong, right = ListedProductFactory(), ListedProductFactory()
    upheld, dismissed = ReportFactory(product=wrong), ReportFactory(product=right)

    decide(claimed(moderator, product=wrong), moderator, CategoryFactory())
    decide(claimed(moderator, product=right), moderator, right.category)

    upheld.refresh_from_db()
    dismissed.refresh_from_db()
    assert (upheld.status, dismissed.status) == (ReportStatus.UPHELD, ReportStatus.DISMISSED)


def test_a_skip_frees_the_item_for_colleagues_and_is_recorded_once():
    alice, bob = ModeratorFactory(), ModeratorFactory()
    item = claimed(alice)
    key = uuid.uuid4()
    answer = {"item_id": item.pk, "moderator": alice, "client_key": key, "now": NOW}

    skipped = decisions.skip(reason=SkipReason.UNCLEAR, **answer)
    repeated = decisions.skip(reason=SkipReason.UNCLEAR, **answer)

    assert skipped == repeated
    assert skipped.skip_reason == SkipReason.UNCLEAR
    assert review.claim_next(moderator=alice, now=NOW) is None
    assert review.claim_next(moderator=bob, now=NOW) == item.pk


def test_an_escalation_waits_on_top_for_a_lead_with_its_comment():
    moderator, lead = ModeratorFactory(), AdminFactory()
    item = claimed(moderator)
    ReviewItemFactory(priority=2.0)

    escalated = decisions.escalate(
        item_id=item.pk,
        moderator=moderator,
        comment="Toy or model?",
        client_key=uuid.uuid4(),
        now=NOW,
    )

    assert escalated.comment == "Toy or model?"
    assert review.claim_next(moderator=moderator, now=NOW) != item.pk
    assert review.claim_next(moderator=lead, now=NOW) == item.pk
