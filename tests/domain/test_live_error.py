import numpy as np
import pytest

from reviewapp.domain.live_error import Cell, audits_missing, is_mature, live_error
from tests.audit_simulation import draw_shop


def test_the_estimate_of_a_case_counted_by_hand():
    near = Cell(0, 0.4, listed=100, drawn=40, answered=40, wrong=4)
    far = Cell(2, 0.1, listed=900, drawn=90, answered=90, wrong=0)

    found = live_error([near, far])

    # A tenth of the hundred near the threshold, none of the others.
    assert found.error.value == pytest.approx(0.01)
    assert found.horvitz_thompson == pytest.approx(4 / 0.4 / 1000)
    assert found.hajek == pytest.approx(10 / (40 / 0.4 + 90 / 0.1))
    assert found.error.low < 0.01 < found.error.high


def test_without_an_answer_there_is_no_estimate():
    assert live_error([Cell(0, 0.1, listed=50, drawn=5, answered=0, wrong=0)]) is None


def test_listings_nobody_looked_at_count_like_those_nearer_the_threshold():
    near = Cell(0, 0.4, listed=100, drawn=40, answered=40, wrong=4)
    unseen = Cell(2, 0.0, listed=900, drawn=0, answered=0, wrong=0)

    found = live_error([unseen, near])

    assert found.error.value == pytest.approx(0.1)
    assert found.horvitz_thompson is None


def test_waiting_audits_do_not_flatter():
    cell = Cell(0, 0.5, listed=100, drawn=50, answered=25, wrong=5)

    assert live_error([cell]).error.value == pytest.approx(0.2)


def test_no_error_found_leaves_a_doubt_above_and_none_below():
    error = live_error([Cell(0, 0.1, listed=1000, drawn=100, answered=100, wrong=0)]).error

    assert (error.value, error.low) == (0.0, 0.0)
    assert 0.01 < error.high < 0.05


def test_intervals_cover_the_truth_as_often_as_they_say():
    generator = np.random.default_rng(7)
    shops = [draw_shop(generator) for _ in range(1000)]

    errors = [(live_error(cells).error, truth) for cells, truth in shops]

    covered = np.mean([error.low <= truth <= error.high for error, truth in errors])
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize(
    ("answered", "age", "expected"), [(9, 0, True), (8, 13, False), (8, 14, True), (0, 14, True)]
)
def test_a_day_counts_once_answered_or_old(answered, age, expected):
    assert is_mature(drawn=10, answered=answered, age_days=age) is expected


def test_how_many_audits_are_missing():
    assert (audits_missing(40), audits_missing(140)) == (60, 0)
