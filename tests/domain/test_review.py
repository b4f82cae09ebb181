from reviewapp.choices import ReviewReason as R
from reviewapp.domain.review import reasons_to_show


def test_a_blind_item_shows_no_doubt_of_the_models():
    shown = reasons_to_show([R.LOW_CONFIDENCE, R.BUYER_REPORT, R.DISAGREEMENT], is_blind=True)

    assert shown == [R.BUYER_REPORT]


def test_a_check_looks_like_an_audit():
    audit = reasons_to_show([R.AUDIT], is_blind=True)

    for check in (R.SECOND_OPINION, R.GOLD):
        assert reasons_to_show([check], is_blind=True) == audit
        assert reasons_to_show([R.AUDIT, check], is_blind=True) == audit


def test_an_open_item_shows_every_reason():
    reasons = [R.LOW_CONFIDENCE, R.GOLD]

    assert reasons_to_show(reasons, is_blind=False) == reasons
