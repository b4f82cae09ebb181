"""A brigade is found, honest people are left alone."""

import random
from datetime import timedelta

import pytest

from reviewapp.choices import RingSign
from reviewapp.domain.rings import Filed, RingRules, find_rings
from tests.conftest import NOW
from tests.report_world import FAMILIES, WEEK_SECONDS, brigade_of, honest_week

RULES = RingRules()
HONEST, BRIGADE = 3000, 200


@pytest.mark.parametrize(
    ("seconds", "networks", "products"),
    [
        pytest.param(300, BRIGADE, 1, id="one product in five minutes"),
        pytest.param(120, BRIGADE, 100, id="one family in two minutes"),
        pytest.param(3 * 3600, 8, 100, id="few networks in three hours"),
    ],
)
def test_a_brigade_is_held_and_the_honest_are_not(seconds, networks, products):
    chance = random.Random(1)
    filed = [
        *honest_week(chance, NOW, HONEST),
        *brigade_of(
            chance,
            NOW + timedelta(days=3),
            first=HONEST,
            count=BRIGADE,
            seconds=seconds,
            networks=networks,
            products=products,
        ),
    ]
    usual = dict.fromkeys(range(FAMILIES), HONEST / FAMILIES / WEEK_SECONDS)

    held = {report for ring in find_rings(filed, usual, RULES) for report in ring.reports}

    honest = sum(report < HONEST for report in held)
    assert honest / HONEST < 0.01
    assert (len(held) - honest) / BRIGADE > 0.9


def test_groups_that_share_a_report_are_one_ring():
    crowd = [
        Filed(n, n, product=1, family=1, network="x" if n == 5 else "", at=NOW) for n in range(6)
    ]
    neighbours = [
        Filed(10 + n, 10 + n, product=2 + n, family=1, network="x", at=NOW) for n in range(3)
    ]

    (ring,) = find_rings([*crowd, *neighbours], {}, RULES)

    assert ring.reports == {0, 1, 2, 3, 4, 5, 10, 11, 12}
    assert ring.signs == (RingSign.SAME_NETWORK, RingSign.SAME_PRODUCT)


def test_one_person_on_many_products_is_no_crowd():
    filed = [Filed(n, 1, product=n, family=1, network="x", at=NOW) for n in range(40)]

    assert find_rings(filed, {}, RULES) == []
