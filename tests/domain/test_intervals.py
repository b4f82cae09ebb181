"""Shares with intervals, held against published figures."""

import random

import pytest

from reviewapp.domain.intervals import Stratum, difference, share, stratified_difference


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


def test_one_stratum_differs_by_what_its_shares_differ():
    found = stratified_difference([Stratum(56, 70, 48, 80)])

    plain = difference(share(56, 70), share(48, 80))
    assert found.value == pytest.approx(plain.value)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=0.01)
    assert found.sample == 70


def test_a_mix_of_cases_alone_makes_no_difference():
    # Both hit 90 % of easy and 50 % of hard cases; the first has mostly easy ones.
    strata = [Stratum(180, 200, 18, 20), Stratum(10, 20, 100, 200)]

    assert stratified_difference(strata).value == pytest.approx(0.0)


def test_a_stratum_of_one_side_alone_says_nothing():
    assert stratified_difference([Stratum(9, 10, 0, 0), Stratum(0, 0, 3, 10)]) is None


def test_where_nothing_varies_the_interval_still_has_a_width():
    found = stratified_difference([Stratum(10, 10, 10, 10)] * 3)

    assert (found.value, found.sample) == (0.0, 30)
    assert -0.2 < found.low < 0 < found.high < 0.2


def test_the_interval_of_many_small_strata_holds_the_truth_in_95_of_100_cases():
    chance, held, repeats = random.Random(1), 0, 400
    for _ in range(repeats):
        strata = []
        for _ in range(40):
            level, shown, blind = chance.uniform(0.5, 0.85), chance.randint(1, 12), 1
            hits = sum(chance.random() < level + 0.1 for _ in range(shown))
            strata.append(Stratum(hits, shown, int(chance.random() < level), blind))
        found = stratified_difference(strata)
        held += found.low <= 0.1 <= found.high

    assert 0.93 <= held / repeats <= 0.98
