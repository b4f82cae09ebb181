import numpy as np
import pytest

from reviewapp.domain import clusters


def grouped(generator, groups, size):
    """Values that all products of a group share."""
    return np.repeat(generator.random(groups), size), np.repeat(np.arange(groups), size)


def test_a_group_counts_as_one_product():
    values, duplicates = grouped(np.random.default_rng(0), 40, 5)

    together = clusters.mean(values, duplicates)
    alone = clusters.mean(values[::5], None)

    assert (together.value, together.low, together.high) == pytest.approx(
        (alone.value, alone.low, alone.high)
    )
    assert clusters.mean(values, None).high < together.high


def test_the_interval_covers_the_truth_where_products_come_in_groups():
    generator = np.random.default_rng(1)
    found = [clusters.mean(*grouped(generator, 40, 5)) for _ in range(400)]

    covered = np.mean([one.low <= 0.5 <= one.high for one in found])

    assert 0.92 <= covered <= 0.98


def test_deviations_of_a_group_add_up():
    deviations, duplicates = np.array([1.0, 1.0, 2.0]), np.array([7, 7, 9])

    variance = clusters.variance(deviations, duplicates)

    assert variance == pytest.approx((2**2 + 2**2) * 2 / 9)
    assert clusters.variance(deviations, None) == pytest.approx(6 * 3 / 2 / 9)


def test_of_one_group_no_spread_is_known():
    one = clusters.mean(np.array([1.0, 3.0]), np.array([4, 4]))

    assert (one.value, one.low, one.high, one.sample) == (2.0, 2.0, 2.0, 2)
