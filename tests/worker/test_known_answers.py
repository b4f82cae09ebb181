"""The task that slips known answers in among what moderators are handed next."""

import pytest
from django.utils import timezone

from reviewapp.models import KnownAnswerDraw, ReviewItem
from tests.factories import DecisionFactory, KnownAnswerFactory
from worker.tasks import known_answers

pytestmark = pytest.mark.django_db


def test_all_that_new_decisions_have_drawn_is_worked_off(settings):
    settings.REVIEW_KNOWN_ANSWER_RATE = settings.REVIEW_KNOWN_ANSWER_FLOOR = 1.0
    KnownAnswerFactory.create_batch(2)
    answered = [DecisionFactory(decided_at=timezone.now()) for _ in range(2)]
    KnownAnswerDraw.objects.bulk_create(KnownAnswerDraw(decision=one) for one in answered)

    known_answers.offer()
    known_answers.offer()

    offered = ReviewItem.objects.filter(known_answer__isnull=False)
    assert {item.only_for for item in offered} == {one.moderator for one in answered}
    assert offered.count() == 2
    assert not KnownAnswerDraw.objects.exists()
