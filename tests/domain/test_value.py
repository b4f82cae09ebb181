import pytest

from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import Interval
from reviewapp.domain.value import Routed, Shares, as_routed, by_people, flat

# A review takes a minute and costs 1; a wrong listing costs 10.
COSTS = Costs(wrong=10, review_minute=1, review_seconds=60, delay_hour=0)
ROUTED = Routed(listed=800, reviewed=200, audited=80)


def at(value, spread=0.0):
    return Interval(value, value - spread, value + spread, 100)


def shares(**fields):
    same = {
        "error": at(0.01, 0.005), "listed_above": 1.0, "below_wrong": at(0.0),
        "reviewed_above": 0.0, "above_wrong": at(0.0),
    }  # fmt: skip
    return Shares(**same | fields)


def test_what_was_costs_its_reviews_audits_and_wrong_listings():
    way = as_routed(ROUTED, shares(), COSTS, damage=10)

    assert (way.minutes, way.wrong.value) == (280, 8)
    assert (way.money.low, way.money.value, way.money.high) == pytest.approx((320, 360, 400))


def test_people_alone_list_nothing_wrongly_and_look_at_everything():
    way = by_people(ROUTED, COSTS, damage=10)

    assert (way.minutes, way.money.value, way.wrong.high) == (1000, 1000, 0)


def test_a_flat_threshold_that_lists_the_same_costs_the_same():
    own = as_routed(ROUTED, shares(), COSTS, damage=10)

    assert flat(ROUTED, shares(), COSTS, damage=10) == own


def test_a_flat_threshold_lists_what_people_would_have_mended():
    found = shares(reviewed_above=0.5, above_wrong=at(0.2))

    way = flat(ROUTED, found, COSTS, damage=10)

    assert way.listings == 900
    assert way.wrong.value == pytest.approx(8 + 40)
    assert way.minutes == pytest.approx(100 + 90)
