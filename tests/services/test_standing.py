"""Answers that stand, and how they are found."""

from datetime import timedelta

import pytest
from django.db import connection

from reviewapp.choices import Verdict
from reviewapp.selectors.standing import answers_since
from tests.factories import NOW, DecisionFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def given(**fields):
    return DecisionFactory(**{"decided_at": NOW, **fields})


def undo(decision, at):
    return given(
        item=decision.item,
        moderator=decision.moderator,
        verdict=Verdict.UNDONE,
        category=None,
        undoes=decision,
        decided_at=at,
    )


def test_what_is_taken_back_what_takes_it_back_and_what_came_before_do_not_count():
    stands, corrected = given(), given(verdict=Verdict.CORRECTED)
    given(decided_at=NOW - HOUR)
    given(verdict=Verdict.SKIPPED, category=None, skip_reason="unclear")
    undo(given(), NOW)
    undo(given(decided_at=NOW + HOUR), NOW + 2 * HOUR)
    undo(given(decided_at=NOW - HOUR), NOW + HOUR)

    assert set(answers_since(NOW)) == {stands, corrected}


def test_no_answer_is_looked_up_by_itself():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = answers_since(NOW).explain()

    assert "SubPlan" in plan
    assert "decision_by_verdict" in plan
    assert "decision_undoes_id" not in plan
