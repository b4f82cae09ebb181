from collections import defaultdict

import numpy as np
import pytest

from reviewapp.domain.certificate_watch import CertificateBets, gain
from tests.audit_simulation import draw_audits

TARGET = 0.02


def void_after(seed, error, audits, size=1, knows_groups=True):
    """Return how many audits it took, or None."""
    bets, gains = CertificateBets(), defaultdict(float)
    stream = draw_audits(np.random.default_rng(seed), error, audits, size=size)
    for is_wrong, weight, group in stream:
        one = {"is_wrong": is_wrong, "weight": weight, "target": TARGET}
        bets = bets.after(**one, group_gain=gains[group] if knows_groups else 0.0)
        gains[group] += gain(**one)
        if bets.is_void:
            return bets.seen
    return None


def test_a_good_certificate_is_rarely_voided_however_long_one_looks():
    alarms = [void_after(seed, TARGET, 4000) for seed in range(60)]

    # At the very target: at most 5 %, here with the slack of 60 draws.
    assert sum(alarm is not None for alarm in alarms) <= 6


def test_a_doubled_error_is_found_within_hundreds_of_audits():
    found = [void_after(seed, 2 * TARGET, 2000) for seed in range(40)]

    assert None not in found
    assert np.median(found) < 500


def test_near_duplicates_that_are_wrong_together_void_no_good_certificate():
    alarms = {
        knows: sum(void_after(seed, TARGET, 2000, 20, knows) is not None for seed in range(40))
        for knows in (True, False)
    }

    assert alarms[True] <= 5
    assert alarms[False] >= 6  # each audit taken for a bet of its own


def test_a_group_of_near_duplicates_is_one_bet_however_its_audits_come():
    bets = CertificateBets().after(is_wrong=False, weight=1.0, target=TARGET)
    right, wrong = (gain(is_wrong=one, weight=1.0, target=TARGET) for one in (False, True))

    ends = [
        bets.after(is_wrong=first, weight=1.0, target=TARGET).after(
            is_wrong=not first, weight=1.0, target=TARGET, group_gain=one
        )
        for first, one in ((True, wrong), (False, right))
    ]

    assert ends[0].evidence == pytest.approx(ends[1].evidence)


def test_a_large_group_that_is_right_cannot_lose_more_than_there_is():
    bets, lost = CertificateBets(), 0.0
    for _audit in range(40):
        bets = bets.after(is_wrong=False, weight=1.0, target=TARGET, group_gain=lost)
        lost += gain(is_wrong=False, weight=1.0, target=TARGET)

    assert min(bets.staked) > 0


def test_a_running_test_goes_on_where_it_was_stored():
    bets = CertificateBets().after(is_wrong=True, weight=0.25, target=TARGET)

    assert CertificateBets.from_json(bets.as_json()) == bets
    assert CertificateBets.from_json({}) == CertificateBets()


def test_an_audit_drawn_more_often_weighs_less():
    rare = CertificateBets().after(is_wrong=True, weight=1.0, target=TARGET)
    dense = CertificateBets().after(is_wrong=True, weight=0.25, target=TARGET)

    assert rare.evidence > dense.evidence > 1
