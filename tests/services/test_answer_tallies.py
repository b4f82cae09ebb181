from datetime import timedelta

import pytest

from reviewapp.choices import AuditStratum, GroupKind, ReviewReason, RouteOutcome
from reviewapp.models import AnswerTally
from reviewapp.services.answer_tallies import rebuild_answers, roll_up_answers
from tests.factories import NOW
from tests.services.test_live_accuracy import (  # noqa: F401 (fixtures)
    LATER,
    answer,
    categories,
    champion,
    listing,
)

pytestmark = pytest.mark.django_db


def count():
    while roll_up_answers(now=LATER):
        pass


def tallies(kind=GroupKind.SELLER):
    return sorted(
        AnswerTally.objects.filter(kind=kind).values_list(
            "predicted__code", "said__code", "is_listed", "is_above", "answers", "listings"
        )
    )


def test_an_audit_stands_for_the_listings_that_were_not_drawn(champion, categories):  # noqa: F811
    route = listing(champion, categories)
    answer(route, categories[1])

    count()
    count()

    assert tallies(GroupKind.ALL) == tallies(GroupKind.PAIR) == tallies()
    assert tallies() == tallies(GroupKind.CATEGORY) == [(10, 20, True, False, 1, 5.0)]
    assert AnswerTally.objects.first().example == route.product


def test_a_reviewed_product_stands_for_itself_alone(champion, categories):  # noqa: F811
    route = listing(
        champion, categories, outcome=RouteOutcome.REVIEW, stratum=AuditStratum.REVIEW,
        reasons=[ReviewReason.LOW_CONFIDENCE], inclusion_probability=1.0,
    )  # fmt: skip
    route.prediction.confidence = 0.8
    route.prediction.save()
    answer(route, categories[0])

    count()

    assert tallies() == [(10, 10, False, True, 1, 0.0)]


def test_a_rebuild_finds_the_same_answers(champion, categories):  # noqa: F811
    for said in (0, 1, 1):
        answer(listing(champion, categories), categories[said])
    count()
    before = tallies()

    rebuild_answers()
    count()

    assert [row[4] for row in before] == [1, 2]
    assert tallies() == before


def test_an_answer_waits_until_it_has_settled(champion, categories):  # noqa: F811
    answer(listing(champion, categories), categories[1])

    roll_up_answers(now=NOW + timedelta(minutes=9))

    assert tallies() == []
