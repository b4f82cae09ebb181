import numpy as np

from reviewapp.domain.certificate_watch import CertificateBets
from tests.audit_simulation import draw_audits

TARGET = 0.02


def void_after(seed, error, audits):
    """Return how many audits it took, or None."""
    bets = CertificateBets()
    for is_wrong, weight in draw_audits(np.random.default_rng(seed), error, audits):
        bets = bets.after(is_wrong=is_wrong, weight=weight, target=TARGET)
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


def test_a_running_test_goes_on_where_it_was_stored():
    bets = CertificateBets().after(is_wrong=True, weight=0.25, target=TARGET)

    assert CertificateBets.from_json(bets.as_json()) == bets
    assert CertificateBets.from_json({}) == CertificateBets()


def test_an_audit_drawn_more_often_weighs_less():
    rare = CertificateBets().after(is_wrong=True, weight=1.0, target=TARGET)
    dense = CertificateBets().after(is_wrong=True, weight=0.25, target=TARGET)

    assert rare.evidence > dense.evidence > 1
