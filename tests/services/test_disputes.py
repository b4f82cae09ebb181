"""Missed known answers: told late, disputed with one press, and void when they fall."""

import uuid
from datetime import timedelta

import pytest

from reviewapp.choices import AdjudicationCause, DisagreementKind, KnownAnswerEnd, ReviewReason
from reviewapp.domain.checks import CAREFUL_MISSES, is_careful
from reviewapp.models import Disagreement, ReviewItem
from reviewapp.selectors.checks import is_right_answer, known_answers_of, missed, misses, record_of
from reviewapp.services import checks, review
from tests.factories import (
    NOW,
    AdminFactory,
    CategoryFactory,
    DecisionFactory,
    KnownAnswerFactory,
    ModeratorFactory,
    ReviewItemFactory,
)
from tests.services.test_adjudications import adjudicate, take_back
from tests.services.test_decisions import decide
from tests.services.test_undo import undo

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(minutes=11)
GOLD = [ReviewReason.GOLD]


def asked(known, moderator):
    """The known answer is slipped in for `moderator`, who holds it."""
    item = ReviewItemFactory(
        product=known.product,
        reasons=GOLD,
        known_answer=known,
        only_for=moderator,
        is_blind=True,
    )
    assert review.claim_next(moderator=moderator, now=NOW) == item.pk
    return item


def missing(known, moderator, category=None):
    return decide(asked(known, moderator), moderator, category or CategoryFactory())


def dispute(decision):
    return checks.dispute(decision_id=decision.pk, moderator=decision.moderator, now=SOON)


def careful():
    """Somebody who has had twelve known answers right."""
    moderator = ModeratorFactory()
    for _ in range(12):
        known = KnownAnswerFactory()
        item = ReviewItemFactory(
            product=known.product,
            status="resolved",
            resolved_at=NOW,
            known_answer=known,
            only_for=moderator,
            reasons=GOLD,
        )
        DecisionFactory(
            item=item, moderator=moderator, category=known.category, reasons=GOLD, is_blind=True
        )
    return moderator


def seen(decision):
    return known_answers_of(moderator=decision.moderator).get(pk=decision.pk)


def test_only_other_answers_are_misses_and_they_are_told_late():
    moderator, known = ModeratorFactory(), KnownAnswerFactory()
    right = KnownAnswerFactory()
    decide(asked(right, moderator), moderator, right.category)
    miss = missing(known, moderator)

    at_once, later = (misses(moderator=moderator, now=now) for now in (NOW, SOON))

    assert list(missed(moderator=moderator)) == [miss]
    assert at_once == []
    assert [(one.decision, one.known, one.may_dispute) for one in later] == [(miss, known, True)]
    assert is_right_answer(seen(miss)) is False
    assert (record_of(moderator=moderator).hits, record_of(moderator=moderator).sample) == (1, 2)


def test_a_dispute_goes_to_a_lead_once_and_the_miss_waits():
    known = KnownAnswerFactory()
    miss = missing(known, ModeratorFactory())

    row, again = dispute(miss), dispute(miss)

    assert row == again
    assert (row.kind, row.first, row.second) == (DisagreementKind.DISPUTE, known.decision, miss)
    assert is_right_answer(seen(miss)) is None
    assert record_of(moderator=miss.moderator).sample == 0


def test_only_an_own_miss_is_disputed():
    known = KnownAnswerFactory()
    miss = missing(known, ModeratorFactory())

    with pytest.raises(checks.DisputeRefused):
        checks.dispute(decision_id=miss.pk, moderator=ModeratorFactory(), now=SOON)

    assert not Disagreement.objects.exists()


def test_an_upheld_dispute_retires_the_known_answer_and_the_miss_counts_for_nobody():
    known, lead = KnownAnswerFactory(), AdminFactory()
    miss, colleagues = missing(known, ModeratorFactory()), missing(known, ModeratorFactory())
    row = dispute(miss)

    word = adjudicate(row, lead, miss.category)

    known.refresh_from_db()
    assert known.retired_because == KnownAnswerEnd.DISPUTE_UPHELD
    assert is_right_answer(seen(miss)) is True
    assert is_right_answer(seen(colleagues)) is None
    take_back(word, lead)
    known.refresh_from_db()
    assert known.retired_at is None
    assert is_right_answer(seen(miss)) is None
    assert is_right_answer(seen(colleagues)) is False


def test_a_dismissed_dispute_leaves_the_known_answer_in_use():
    known = KnownAnswerFactory()
    miss = missing(known, ModeratorFactory())

    adjudicate(dispute(miss), AdminFactory(), known.category)

    known.refresh_from_db()
    assert known.retired_at is None
    assert is_right_answer(seen(miss)) is False


def test_an_ambiguous_product_is_no_fair_question():
    known = KnownAnswerFactory()
    miss = missing(known, ModeratorFactory())

    adjudicate(dispute(miss), AdminFactory(), known.category, AdjudicationCause.AMBIGUOUS)

    known.refresh_from_db()
    assert known.retired_because == KnownAnswerEnd.DISPUTE_UPHELD
    assert is_right_answer(seen(miss)) is None


def test_taking_the_answer_back_withdraws_its_dispute():
    miss = missing(KnownAnswerFactory(), ModeratorFactory())
    row = dispute(miss)

    undo(miss, miss.moderator)

    row.refresh_from_db()
    assert row.closed_at is not None


def test_a_known_answer_that_careful_people_miss_goes_to_a_lead_by_itself():
    known = KnownAnswerFactory()
    people = [careful() for _ in range(CAREFUL_MISSES)]

    opened = []
    for person in people:
        missing(known, person)
        opened.append(Disagreement.objects.filter(known_answer=known, closed_at=None).count())

    assert opened == [0, 1]


def test_misses_of_people_who_have_not_shown_care_prove_nothing():
    known = KnownAnswerFactory()

    for _ in range(3):
        missing(known, ModeratorFactory())

    assert not Disagreement.objects.exists()
    assert [is_careful(*record) for record in ((0, 0), (3, 3), (9, 9), (15, 20))] == [
        False,
        False,
        True,
        False,
    ]


def test_a_word_ends_what_a_colleague_was_asked_meanwhile():
    known, colleague = KnownAnswerFactory(), ModeratorFactory()
    miss = missing(known, ModeratorFactory())
    row = dispute(miss)
    item = asked(known, colleague)

    adjudicate(row, AdminFactory(), miss.category, client_key=uuid.uuid4())

    item.refresh_from_db()
    assert not ReviewItem.objects.exclude(status="resolved").exists()
    assert item.decisions.count() == 0
