import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.selection import at_threshold, aurc, risk_coverage

CONFIDENCE = np.array([0.9, 0.8, 0.8, 0.5])
RIGHT = np.array([True, True, False, False])

scored = st.lists(
    st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.8, 0.9, 1.0]), st.booleans()), min_size=1
)


def test_the_curve_of_a_case_counted_by_hand():
    curve = risk_coverage(CONFIDENCE, RIGHT)

    assert curve.threshold.tolist() == [0.9, 0.8, 0.5]
    assert curve.coverage.tolist() == [0.25, 0.75, 1.0]
    assert curve.error.tolist() == pytest.approx([0.0, 1 / 3, 0.5])


def test_the_area_of_a_case_counted_by_hand():
    # Errors expected after 1..4 answers: 0, 0.5, 1, 2.
    assert aurc(CONFIDENCE, RIGHT) == pytest.approx((0 + 0.5 / 2 + 1 / 3 + 2 / 4) / 4)


def test_ranking_wrong_answers_last_gives_the_smallest_area():
    right = np.array([True] * 8 + [False] * 2)
    good, bad = np.linspace(1, 0.1, 10), np.linspace(0.1, 1, 10)

    assert aurc(good, right) < aurc(np.full(10, 0.5), right) < aurc(bad, right)


@given(scored, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = rows[:]
    random.shuffle(shuffled)

    def area(pairs):
        return aurc(np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))

    assert area(rows) == pytest.approx(area(shuffled))


@given(scored, st.floats(0, 1))
def test_a_stricter_threshold_never_covers_more(rows, threshold):
    confidence = np.array([row[0] for row in rows])
    right = np.array([row[1] for row in rows])

    loose = at_threshold(confidence, right, threshold)
    strict = at_threshold(confidence, right, min(threshold + 0.1, 1.0))

    assert strict.coverage <= loose.coverage
    assert strict.accepted == int((confidence >= strict.threshold).sum())


def test_a_confidence_at_the_threshold_is_accepted():
    point = at_threshold(CONFIDENCE, RIGHT, 0.8)

    assert (point.accepted, point.coverage, point.accuracy) == (3, 0.75, pytest.approx(2 / 3))


def test_accepting_nothing_has_no_accuracy():
    assert at_threshold(CONFIDENCE, RIGHT, 0.95).accuracy is None
