from datetime import timedelta

import pytest

from reviewapp.domain.rechecks import MOST_RECHECKED, NEEDED, Outcome, Scope
from tests.factories import NOW


def test_a_recheck_goes_back_by_days_or_by_answers_never_by_both_or_neither():
    for wrong in ({}, {"days": 7, "last": 100}):
        with pytest.raises(ValueError, match="by days or by answers"):
            Scope(**wrong)

    assert Scope(days=7).since(NOW) == NOW - timedelta(days=7)
    assert (Scope(last=50).since(NOW), Scope(last=50).most) == (None, 50)
    assert Scope(last=MOST_RECHECKED + 1).most == Scope(days=1).most == MOST_RECHECKED


def test_the_share_of_changed_answers_is_told_with_its_interval_from_the_minimum_on():
    too_few = Outcome(confirmed=NEEDED - 2, changed=1, waiting=30, dropped=2)
    enough = Outcome(confirmed=30, changed=10)

    assert (too_few.share_changed, too_few.missing) == (None, 1)
    assert (too_few.opened, too_few.answered) == (NEEDED + 31, NEEDED - 1)
    found = enough.share_changed
    assert found is not None
    assert found.low < found.value == 0.25 < found.high
