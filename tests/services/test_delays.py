from datetime import timedelta

import pytest

from reviewapp.choices import AuditStratum, GroupKind, ReviewReason, RouteOutcome
from reviewapp.domain.delays import bucket
from reviewapp.models import DelayTally, QueueState
from reviewapp.services.delays import observe_queue, rebuild_delays, roll_up_delays
from tests.factories import NOW, ModeratorFactory, ReviewItemFactory
from tests.services.test_live_accuracy import (  # noqa: F401 (fixtures)
    LATER,
    answer,
    categories,
    champion,
    listing,
)

pytestmark = pytest.mark.django_db


def count(now=LATER + timedelta(days=1)):
    while roll_up_delays(now=now):
        pass


def steps(kind=GroupKind.SELLER):
    rows = DelayTally.objects.filter(kind=kind)
    return {(row.step, row.bucket): row.products for row in rows}


def reviewed(champion, categories):  # noqa: F811
    return listing(
        champion, categories, outcome=RouteOutcome.REVIEW, stratum=AuditStratum.REVIEW,
        reasons=[ReviewReason.LOW_CONFIDENCE], created_at=NOW + timedelta(minutes=2),
    )  # fmt: skip


def test_each_step_counts_once_at_its_distance_from_arrival(champion, categories):  # noqa: F811
    decision = answer(
        reviewed(champion, categories), categories[0], decided_at=NOW + timedelta(hours=4)
    )
    decision.item.first_seen_at = NOW + timedelta(hours=3)
    decision.item.save()

    count()
    count()

    hours = {"predicted": 0, "routed": 1 / 30, "seen": 3, "decided": 4, "listed": 4}
    expected = {(step, bucket(at * 3600)): 1 for step, at in hours.items()}
    assert steps() == steps(GroupKind.CATEGORY) == expected
    assert steps(GroupKind.ALL) == steps(GroupKind.PAIR) == expected


def test_a_rebuild_finds_the_same_delays(champion, categories):  # noqa: F811
    listing(champion, categories)
    answer(reviewed(champion, categories), categories[1], decided_at=NOW + timedelta(hours=1))
    count()
    before = steps()

    rebuild_delays()
    count()

    assert before
    assert steps() == before


def test_a_later_route_is_no_arrival(champion, categories):  # noqa: F811
    first = listing(champion, categories)
    first.pk = None
    first.created_at = NOW + timedelta(days=3)
    first.save()

    count(now=NOW + timedelta(days=4))

    assert sum(steps().values()) == 3  # predicted, routed, listed


def test_an_audit_of_a_listing_delays_nobody(champion, categories):  # noqa: F811
    answer(listing(champion, categories), categories[0])

    count()

    assert {step for step, _bucket in steps()} == {"predicted", "routed", "listed"}


def test_a_second_answer_changes_nothing(champion, categories):  # noqa: F811
    first = answer(reviewed(champion, categories), categories[0])
    answered = {"item": first.item, "category": categories[1], "reasons": first.reasons}
    count()
    before = steps()

    type(first).objects.create(
        product=first.product, moderator=ModeratorFactory(), client_key="0" * 32,
        verdict="corrected", decided_at=NOW + timedelta(hours=20), **answered,
    )  # fmt: skip
    count(now=NOW + timedelta(days=2))

    assert steps() == before


def test_the_queue_is_observed_once_in_ten_minutes():
    ReviewItemFactory(opened_at=NOW - timedelta(hours=2))

    assert observe_queue(now=NOW + timedelta(minutes=1))
    assert not observe_queue(now=NOW + timedelta(minutes=9))

    state = QueueState.objects.get()
    assert (state.at, state.open, state.oldest_at) == (NOW, 1, NOW - timedelta(hours=2))
