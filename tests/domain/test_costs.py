import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.domain.costs import Costs


@pytest.mark.parametrize(
    ("reviews", "moderator_error", "threshold"),
    [(2, 0, 0.5), (3, 0, 2 / 3), (5, 0, 0.8), (10, 0, 0.9), (50, 0, 0.98), (5, 0.03, 0.77)],
)
def test_the_threshold_of_least_cost_is_chows(reviews, moderator_error, threshold):
    costs = Costs(
        wrong=reviews, review_minute=6, review_seconds=10, moderator_error=moderator_error
    )

    assert costs.threshold(10) == pytest.approx(threshold)


def test_the_default_costs_give_the_default_threshold():
    assert Costs().threshold(10) == pytest.approx(0.8)


def test_waiting_makes_reviews_dearer_and_thresholds_lower():
    assert Costs(delay_hour=0.1, delay_hours=2).threshold(10) < Costs().threshold(10)


def test_a_dear_category_has_a_stricter_threshold_of_its_own():
    costs = Costs(by_category={10: 3.5})

    assert costs.threshold(10) > costs.threshold(20) == Costs().threshold(20)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1))
def test_a_threshold_is_always_a_probability(wrong, minute, error):
    costs = Costs(wrong=wrong, review_minute=minute, moderator_error=error)

    assert 0 <= costs.threshold(10) <= 1


@given(st.floats(0.07, 1), st.floats(0, 1))
def test_listing_costs_less_than_a_review_exactly_from_the_threshold_on(wrong, confidence):
    costs = Costs(wrong=wrong)
    listing, review = (1 - confidence) * wrong, costs.review

    if abs(listing - review) > 1e-9:
        assert (listing < review) == (confidence > costs.threshold(10))


def test_a_category_weighs_what_it_costs_beside_the_usual_within_bounds():
    costs = Costs(wrong=0.5, by_category={10: 1.5, 20: 0.0, 30: 1e9})

    assert [costs.weight(code) for code in (10, 20, 30, 40)] == [3.0, 0.01, 100.0, 1.0]
    assert Costs(wrong=0.0, by_category={10: 5.0}).weight(10) == 1.0
