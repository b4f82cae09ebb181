"""A brigade is found, honest people are left alone."""

import itertools
import random
from datetime import timedelta

import pytest

from reviewapp.choices import RingSign
from reviewapp.domain.rings import Filed, RingRules, Usual, find_rings
from tests.conftest import NOW
from tests.report_world import brigade_of, evening_hour, honest_week, usual_of, waking_hour

RULES = RingRules()
BRIGADE = 200
MONDAY, WEEK = NOW.replace(hour=0), timedelta(days=7)
# (accounts' seconds, networks, products)
SHAPES = [
    pytest.param(300, BRIGADE, 1, id="one product in five minutes"),
    pytest.param(120, BRIGADE, 100, id="one family in two minutes"),
    pytest.param(3 * 3600, 8, 100, id="few networks in three hours"),
]


@pytest.fixture(
    scope="module", params=itertools.product([3_000, 10_000, 30_000], [waking_hour, evening_hour])
)
def weeks(request):
    """Two weeks alike: the first says what is usual, the second is judged."""
    count, hour = request.param
    chance = random.Random(1)
    return [list(honest_week(chance, monday, count, hour)) for monday in (MONDAY - WEEK, MONDAY)]


@pytest.fixture(scope="module")
def usual(weeks):
    return usual_of(weeks[0])


@pytest.fixture(scope="module")
def week(weeks):
    return weeks[1]


@pytest.fixture(scope="module")
def held_alone(week, usual):
    return held(week, usual)


def held(filed, usual):
    return {report for ring in find_rings(filed, usual, RULES) for report in ring.reports}


def test_honest_people_are_left_alone_however_many_they_are(week, held_alone):
    assert len(held_alone) / len(week) < 0.01


@pytest.mark.parametrize(("seconds", "networks", "products"), SHAPES)
def test_a_brigade_is_held_among_the_honest(week, usual, held_alone, seconds, networks, products):
    count, start = len(week), MONDAY + timedelta(days=3, hours=20)
    # The rest of the week is held or left as it is without the brigade.
    around = [one for one in week if abs(one.at - start) < timedelta(hours=6)]
    shape = {"seconds": seconds, "networks": networks, "products": products}
    hired = brigade_of(random.Random(1), start, first=count, count=BRIGADE, **shape)

    found = held([*around, *hired], usual)

    honest = {report for report in found if report < count}
    assert len(honest | held_alone) / count < 0.01
    assert len(found - honest) / BRIGADE > 0.9


def test_a_visitor_who_reports_anonymously_is_one_account():
    filed = [
        Filed(n, None, product=n, family=1, network="x", at=NOW + timedelta(minutes=7 * n))
        for n in range(5)
    ]
    others = [
        Filed(10 + n, n, product=10 + n, family=1, network="x", at=NOW + timedelta(minutes=30))
        for n in range(3)
    ]

    assert find_rings(filed, Usual(), RULES) == []
    assert len(find_rings([*filed, *others], Usual(), RULES)) == 1


def test_a_ring_does_not_make_itself_usual_in_its_network():
    filed = [
        Filed(n, n, product=n, family=1, network="x", at=NOW + timedelta(minutes=n))
        for n in range(30)
    ]
    families = {1: 1000, 2: 1000}
    usual = Usual(families=families, networks={"x": {1: 500}}, alongside={"x": families})

    assert len(find_rings(filed, usual, RULES)) == 1


@pytest.mark.parametrize(("others", "rings"), [(600, 0), (60, 1)])
def test_what_rises_with_everything_else_is_no_surge(others, rings):
    # Six in ten minutes on the product is usual with 60 on all others, 60 with 600.
    usual = Usual(products={1: 100}, families=dict.fromkeys(range(1, 11), 110))
    crowd = [Filed(n, n, 1, 1, "", NOW + timedelta(seconds=570 + n)) for n in range(10)]
    around = [
        Filed(n, n, n, 1 + n % 10, "", NOW + timedelta(seconds=600 * (n - 1000) / others))
        for n in range(1000, 1000 + others)
    ]

    found = find_rings([*around, *crowd], usual, RULES)

    assert [ring.reports for ring in found] == [set(range(10))] * rings


def test_groups_that_share_a_report_are_one_ring():
    crowd = [
        Filed(n, n, product=1, family=1, network="x" if n == 5 else "", at=NOW) for n in range(6)
    ]
    neighbours = [
        Filed(10 + n, 10 + n, product=2 + n, family=1, network="x", at=NOW) for n in range(3)
    ]

    (ring,) = find_rings([*crowd, *neighbours], Usual(), RULES)

    assert ring.reports == {0, 1, 2, 3, 4, 5, 10, 11, 12}
    assert ring.signs == (RingSign.SAME_NETWORK, RingSign.SAME_PRODUCT)


def test_one_person_on_many_products_is_no_crowd():
    filed = [Filed(n, 1, product=n, family=1, network="x", at=NOW) for n in range(40)]

    assert find_rings(filed, Usual(), RULES) == []
