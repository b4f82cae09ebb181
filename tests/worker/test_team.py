"""What is measured of the team is stored for the pages, with its interval and sample."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from reviewapp.choices import ComparisonKind, MeasureKind, ReviewReason, ReviewStatus, Verdict
from reviewapp.domain.carelessness import Tally
from reviewapp.domain.team import NEEDED, from_tallies
from reviewapp.models import ComparisonTally, Decision, TeamMeasure
from reviewapp.selectors.comparisons import confusions, double_labelled
from tests.factories import (
    NOW,
    CategoryFactory,
    DecisionFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from worker.tasks import team

pytestmark = pytest.mark.django_db
CLOSED = {"status": ReviewStatus.RESOLVED, "resolved_at": NOW}


@pytest.fixture
def people():
    return [ModeratorFactory() for _ in range(3)]


def double_label(first, second, category, other, **kwargs):
    """Both answer blind: the first `category`, the second `other`."""
    made = timezone.now() - timedelta(hours=1)
    answer = DecisionFactory(
        item=ReviewItemFactory(**CLOSED, **kwargs),
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
        **CLOSED,
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


def test_a_moderator_who_follows_what_is_shown_is_found_and_one_with_easier_products_is_not(people):
    chance = random.Random(5)
    anchored, plain = people[0].pk, people[1].pk
    tallies = {}
    for number in range(1500):
        who = people[number % 2].pk
        # Shown products are mostly of an easy category and band, blind ones of a hard one.
        is_blind = chance.random() < 0.2
        is_easy = chance.random() < (0.2 if is_blind else 0.9)
        follows = who == anchored and not is_blind and chance.random() < 0.5
        agrees = follows or chance.random() < (0.95 if is_easy else 0.55)
        kind = ComparisonKind.BLIND if is_blind else ComparisonKind.SHOWN
        cell = (who, kind, 1 if is_easy else 2, 4 if is_easy else 1)
        tallies[cell] = tallies.get(cell, Tally()) + Tally(1, int(not agrees))

    found = {
        one.moderator: one.shown
        for one in from_tallies(tallies)
        if one.kind == MeasureKind.ANCHORING and one.category is None
    }

    # Half of the errors on hard products, and most of those, are followed away.
    assert found[anchored].low > 0
    assert found[plain].low < 0 < found[plain].high
    assert abs(found[plain].value) < 0.08


def test_a_first_blind_answer_counts_and_not_what_followed_when_the_models_had_been_told(people):
    first, second, third = people
    right, told = CategoryFactory(), CategoryFactory()
    for _ in range(40):
        double_label(first, second, right, right)
    for decision in Decision.objects.filter(moderator=first):
        taken_back_for(decision, told)
    # Who has seen the suggestion of the product before is no independent witness.
    seen = DecisionFactory(item=ReviewItemFactory(**CLOSED), moderator=third, category=told)
    double_label(third, second, right, told, product=seen.product)

    pairs = double_labelled(most=100)

    assert {pair.first.category for pair in pairs} == {right.pk}
    assert len(pairs) == 40
    assert confusions(moderator=first.pk) == []


def taken_back_for(decision, category):
    """Its author takes it back, having been told what FUSION says, and answers anew."""
    DecisionFactory(
        item=decision.item,
        moderator=decision.moderator,
        verdict=Verdict.UNDONE,
        category=None,
        undoes=decision,
        is_blind=True,
    )
    DecisionFactory(item=decision.item, moderator=decision.moderator, category=category)


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
