from reviewapp.domain.suspects import ENOUGH, Outcome


def test_a_yield_is_told_from_enough_answers_on():
    few = Outcome(confirmed=ENOUGH - 2, cleared=1, waiting=9)
    enough = Outcome(confirmed=15, cleared=5, dropped=1)

    assert (few.confirmed_share, few.missing, few.opened) == (None, 1, ENOUGH + 8)
    assert enough.confirmed_share.value == 0.75
    assert 0.53 < enough.confirmed_share.low < enough.confirmed_share.high < 0.89
