"""What is measured of the team is stored for the pages, with its interval and sample."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from reviewapp.choices import MeasureKind, ReviewReason, ReviewStatus, Verdict
from reviewapp.domain.team import NEEDED
from reviewapp.models import ComparisonTally, Decision, TeamMeasure
from tests.factories import (
    CategoryFactory,
    DecisionFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from worker.tasks import team

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return [ModeratorFactory() for _ in range(3)]


def double_label(first, second, category, other):
    """Both answer blind: the first `category`, the second `other`."""
    made = timezone.now() - timedelta(hours=1)
    closed = {"status": ReviewStatus.RESOLVED, "resolved_at": made}
    answer = DecisionFactory(
        item=ReviewItemFactory(**closed),
        moderator=first,
        category=category,
        is_blind=True,
        decided_at=made,
    )
    item = ReviewItemFactory(
        product=answer.product,
        not_for=first,
        checks=answer,
        reasons=[ReviewReason.SECOND_OPINION],
        **closed,
    )
    DecisionFactory(
        item=item,
        moderator=second,
        category=other,
        verdict=Verdict.CORRECTED,
        is_blind=True,
        reasons=[ReviewReason.SECOND_OPINION],
        decided_at=made,
    )


def measure(kind, moderator=None, category=None):
    return TeamMeasure.objects.get(kind=kind, moderator=moderator, category=category)


def test_alpha_agreement_and_competence_are_stored_with_intervals(people):
    chance = random.Random(1)
    categories = [CategoryFactory() for _ in range(3)]
    for _ in range(120):
        first, second = chance.sample(people, 2)
        answer, other = chance.choice(categories), chance.choice(categories)
        double_label(first, second, answer, answer if chance.random() < 0.9 else other)

    team.book()
    team.measure()

    alpha = measure(MeasureKind.ALPHA)
    agreement = measure(MeasureKind.AGREEMENT, people[0])
    competence = measure(MeasureKind.COMPETENCE, people[0])
    assert 0.7 < alpha.low < alpha.value < alpha.high < 1
    assert alpha.sample == 120 == measure(MeasureKind.AGREEMENT).sample
    assert agreement.low < agreement.value < agreement.high
    assert competence.value == pytest.approx(agreement.value, abs=0.05)
    assert measure(MeasureKind.ALPHA, category=categories[0]).value is not None


def test_below_its_minimum_nothing_is_told_but_how_much_is_missing(people):
    category = CategoryFactory()
    double_label(people[0], people[1], category, category)

    team.book()
    team.measure()

    found = measure(MeasureKind.AGREEMENT, people[0])
    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.missing == NEEDED[MeasureKind.AGREEMENT] - 1


def test_the_anchoring_gap_is_measured_from_shown_and_blind_answers(people):
    # 95 of 100 agree with what they see, 70 of 100 with what they do not see.
    category = CategoryFactory()
    for kind, off in (("shown", 5), ("blind", 30)):
        ComparisonTally.objects.create(
            moderator=people[0], kind=kind, category=category, seen=100, off=off
        )
    DecisionFactory(decided_at=timezone.now())

    team.measure()

    gap = measure(MeasureKind.ANCHORING, people[0])
    assert gap.value == pytest.approx(0.25)
    assert 0.1 < gap.low < 0.25 < gap.high < 0.4


def test_a_measure_is_replaced_not_repeated_and_rests_when_nobody_decides(people):
    category = CategoryFactory()
    double_label(people[0], people[1], category, category)
    team.book()
    team.measure()
    first = measure(MeasureKind.AGREEMENT, people[0]).measured_at

    team.measure()
    rested = measure(MeasureKind.AGREEMENT, people[0]).measured_at
    Decision.objects.filter(moderator=people[0]).update(decided_at=timezone.now())
    team.measure()

    assert rested == first
    assert measure(MeasureKind.AGREEMENT, people[0]).measured_at > first


def test_known_answers_count_in_competence_as_leads_have_ruled(people):
    made = timezone.now() - timedelta(hours=1)
    category, other = CategoryFactory(), CategoryFactory()
    for number in range(24):
        known = KnownAnswerFactory(product__category=category)
        item = ReviewItemFactory(
            product=known.product,
            known_answer=known,
            reasons=[ReviewReason.GOLD],
            status=ReviewStatus.RESOLVED,
            resolved_at=made,
        )
        DecisionFactory(
            item=item,
            moderator=people[0],
            category=other if number % 4 == 0 else category,
            is_blind=True,
            reasons=[ReviewReason.GOLD],
            decided_at=made,
        )

    team.book()
    team.measure()

    for kind in (MeasureKind.COMPETENCE, MeasureKind.GOLD):
        for place in (None, category):
            assert measure(kind, people[0], place).value == pytest.approx(0.75)
