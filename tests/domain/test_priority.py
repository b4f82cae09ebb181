import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.choices import EstimateSource
from reviewapp.domain import priority
from reviewapp.domain.priority import Estimate, ExpectedCost, expected_cost

ENOUGH = priority.ENOUGH


def measured(value, count=ENOUGH):
    return Estimate(value, EstimateSource.MEASURED, count)


def test_the_cost_per_minute_is_the_product_of_its_ingredients():
    cost = expected_cost(0.4, 2.0, measured(12.0), measured(15.0))

    assert cost.per_day == pytest.approx(0.4 * 2 * 12)
    assert cost.per_minute == pytest.approx(0.4 * 2 * 12 / 0.25)


def test_a_product_certainly_wrong_with_all_else_as_usual_has_priority_one():
    assert expected_cost(1.0, None, None, None).priority == pytest.approx(1.0)


def test_too_few_observations_leave_the_usual_value():
    cost = expected_cost(0.5, None, measured(900.0, ENOUGH - 1), measured(1.0, ENOUGH - 1))

    assert cost == expected_cost(0.5, None, None, None)
    assert cost.views.source == EstimateSource.PRIOR


_P, _COST = st.floats(0, 1), st.floats(0.01, 1000)


@given(_P, _COST, st.floats(0, 1e9), st.floats(0, 1e6))
def test_a_doubt_never_reaches_a_report(p, cost, views, seconds):
    doubt = expected_cost(p, cost, measured(views), measured(seconds))

    assert 0 <= doubt.priority < priority.REPORTED


@given(_P, _P, _COST, st.floats(0.1, 1e4))
def test_more_expected_cost_never_comes_later(p, q, cost, views):
    one, other = (expected_cost(x, cost, measured(views), None) for x in (p, q))

    assert (one.per_minute <= other.per_minute) or (one.priority >= other.priority)


def test_what_is_stored_is_read_back():
    cost = expected_cost(0.3, 5.0, measured(40.0), None)

    assert ExpectedCost.from_json(cost.as_json()) == cost


def test_the_hardest_reason_sets_the_pace():
    assert priority.longest([measured(8.0), measured(20.0), measured(90.0, 1)]) == measured(20.0)
    assert priority.longest([]) is None


def test_no_answer_at_all_is_certainly_wrong():
    assert priority.p_wrong(None) == 1.0
    assert priority.p_wrong(0.85) == pytest.approx(0.15)
