"""A brigade is found, honest people are left alone."""

import random
from datetime import timedelta

import pytest

from reviewapp.choices import RingSign
from reviewapp.domain.rings import Filed, RingRules, Usual, find_rings
from tests.conftest import NOW
from tests.report_world import brigade_of, honest_week, usual_of

RULES = RingRules()
BRIGADE = 200
# (accounts' seconds, networks, products)
SHAPES = [
    pytest.param(300, BRIGADE, 1, id="one product in five minutes"),
    pytest.param(120, BRIGADE, 100, id="one family in two minutes"),
    pytest.param(3 * 3600, 8, 100, id="few networks in three hours"),
]


@pytest.fixture(scope="module", params=[3_000, 10_000, 30_000])
def week(request):
    return list(honest_week(random.Random(1), NOW, request.param))


@pytest.fixture(scope="module")
def usual(week):
    return usual_of(week)


@pytest.fixture(scope="module")
def held_alone(week, usual):
    return held(week, usual)


def held(filed, usual):
    return {report for ring in find_rings(filed, usual, RULES) for report in ring.reports}


def test_honest_people_are_left_alone_however_many_they_are(week, held_alone):
    assert len(held_alone) / len(week) < 0.01


@pytest.mark.parametrize(("seconds", "networks", "products"), SHAPES)
def test_a_brigade_is_held_among_the_honest(week, usual, held_alone, seconds, networks, products):
    count, start = len(week), NOW + timedelta(days=3)
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
    usual = Usual(families={1: 1.0, 2: 1.0}, networks={"x": {1: 30 / 3600}})

    assert len(find_rings(filed, usual, RULES)) == 1


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
