import numpy as np
import pytest
from scipy.special import expit, logit

from reviewapp.domain.trust import AS_THEY_ARE, learned


def answers(size, seed, slope=1.0, shift=0.0):
    generator = np.random.default_rng(seed)
    confidence = generator.beta(4, 1, size)
    return confidence, generator.random(size) < expit(slope * logit(confidence) + shift)


def test_slope_and_shift_are_found_again():
    trust = learned(*answers(20_000, 1, slope=0.7, shift=0.5), None)

    assert (trust.slope, trust.shift) == pytest.approx((0.7, 0.5), abs=0.06)
    assert trust.right(np.array([trust.confidence_for(0.9)])) == pytest.approx(0.9)


def test_without_products_confidences_are_taken_as_they_are():
    trust = learned(np.empty(0), np.empty(0, bool), None)

    assert trust.right(np.array([0.3, 0.8])) == pytest.approx([0.3, 0.8])
    assert trust.confidence_for(0.8) == pytest.approx(0.8)


def test_a_handful_of_lucky_answers_moves_little():
    trust = learned(np.full(5, 0.6), np.ones(5, bool), None)

    assert 0.6 < trust.right(np.array([0.6]))[0] < 0.75


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_a_cost_that_asks_for_nothing_or_for_certainty_is_kept(certain):
    assert AS_THEY_ARE.confidence_for(certain) == certain


def test_one_error_of_a_certain_answer_does_not_decide():
    confidence, is_right = answers(2000, 2)
    before = learned(confidence, is_right, None).right(np.array([0.95]))

    after = learned(np.append(confidence, 1.0), np.append(is_right, False), None)

    assert after.right(np.array([0.95])) == pytest.approx(before, abs=0.02)


def test_near_duplicates_make_less_certain():
    confidence, is_right = answers(500, 3)
    five = [np.repeat(values, 5) for values in (confidence, is_right, np.arange(500))]
    at = np.full(10, 0.8)

    together, apart = (
        learned(
            *five,
        ),
        learned(*five[:2], None),
    )

    assert together.spread(at, np.ones(10)) > 3 * apart.spread(at, np.ones(10))
