"""Shares with intervals, held against published figures."""

import pytest

from reviewapp.domain.intervals import difference, share


def test_a_share_has_wilsons_interval():
    # Newcombe (1998), table I: 81 of 263.
    found = share(81, 263)

    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_a_share_of_nothing_hit_still_has_a_width():
    found = share(0, 20)

    assert (found.value, found.low, round(found.high, 4)) == (0.0, 0.0, 0.1611)


def test_a_difference_has_newcombes_interval():
    # Newcombe (1998), comparative evaluation, method 10: 56 of 70 against 48 of 80.
    found = difference(share(56, 70), share(48, 80))

    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (
        0.2,
        0.0524,
        0.3339,
    )
    assert found.sample == 70


@pytest.mark.parametrize(("hits", "sample"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_is_refused(hits, sample):
    with pytest.raises(ValueError, match="no share"):
        share(hits, sample)
