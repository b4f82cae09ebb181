import pytest

from reviewapp.choices import ReviewReason as R
from reviewapp.domain.review import reasons_to_show


@pytest.mark.parametrize("reason", R)
def test_a_blind_item_tells_no_reason_of_its_own(reason):
    assert reasons_to_show([reason], is_blind=True) == []


def test_an_open_item_shows_every_reason_and_a_check_as_an_audit():
    assert reasons_to_show([R.LOW_CONFIDENCE, R.GOLD], is_blind=False) == [
        R.LOW_CONFIDENCE,
        R.AUDIT,
    ]
    assert reasons_to_show([R.AUDIT, R.SECOND_OPINION], is_blind=False) == [R.AUDIT]
