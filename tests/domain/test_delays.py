import pytest

from reviewapp.domain.delays import (
    ERROR,
    HIGHEST,
    Budget,
    bucket,
    cumulative,
    quantile,
    total_seconds,
    upper,
)


@pytest.mark.parametrize("seconds", [1.5, 59, 3600, 3601, 100_000, 5_000_000])
def test_a_delay_lies_in_its_bucket_and_its_quantile_near_it(seconds):
    index = bucket(seconds)

    assert upper(index - 1) < seconds <= upper(index) * (1 + 1e-9)
    assert quantile({index: 1}, 0.5) == pytest.approx(seconds, rel=ERROR + 1e-9)


@pytest.mark.parametrize("hours", [1, 2, 4, 8, 16, 32, 64])
def test_doublings_of_an_hour_are_edges(hours):
    assert upper(bucket(hours * 3600)) == pytest.approx(hours * 3600)
    assert bucket(hours * 3600 + 1) == bucket(hours * 3600) + 1


def test_a_quantile_of_merged_counts_is_that_of_all_products():
    assert quantile({0: 90, 8: 10}, 0.9) == quantile({0: 1}, 0.5)
    assert quantile({0: 90, 8: 10}, 0.95) == quantile({8: 1}, 0.5)
    assert quantile({}, 0.5) is None


def test_a_budget_burns_by_what_is_late():
    assert Budget(100, 95, 0.95).burn == pytest.approx(1)
    assert Budget(100, 90, 0.95).burn == pytest.approx(2)
    assert Budget(0, 0, 0.95).burn is None


def test_a_histogram_for_machines_has_the_same_products():
    counts = {bucket(30): 2, bucket(16 * 3600): 3, bucket(16 * 3600 + 1): 1, HIGHEST: 4}

    found = dict(cumulative(counts))

    assert found[16 * 3600] == 5
    assert found[64.0 * 3600] == 6
    assert list(found.values()) == sorted(found.values())
    assert total_seconds({bucket(3600): 2}) == pytest.approx(2 * 3600, rel=ERROR)
