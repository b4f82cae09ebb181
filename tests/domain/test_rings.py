"""A brigade is found, honest people are left alone."""

import random
from datetime import timedelta

from reviewapp.choices import RingSign
from reviewapp.domain.rings import Filed, RingRules, find_rings
from tests.conftest import NOW

RULES = RingRules()
FAMILIES, PRODUCTS, CARRIERS = 7, 20_000, 10
HONEST, BRIGADE = 3000, 200
WEEK = 7 * 24 * 3600


def honest_week(chance):
    """A week of people without a record: popular products get many reports, and a third of the
    people share the networks of a few carriers."""
    for number in range(HONEST):
        product = min(int(chance.paretovariate(0.8)), PRODUCTS)
        carrier = chance.random() < 0.33
        yield Filed(
            report=number,
            reporter=number,
            product=product,
            family=product % FAMILIES,
            network=f"carrier-{chance.randrange(CARRIERS)}" if carrier else f"home-{number}",
            at=NOW + timedelta(seconds=chance.uniform(0, WEEK)),
        )


def brigade(chance, seconds, networks=BRIGADE, products=1):
    for number in range(HONEST, HONEST + BRIGADE):
        yield Filed(
            report=number,
            reporter=number,
            product=PRODUCTS + FAMILIES * chance.randrange(products),
            family=3,
            network=f"hired-{chance.randrange(networks)}",
            at=NOW + timedelta(days=3, seconds=chance.uniform(0, seconds)),
        )


def flagged(filed):
    """Shares of the honest and of the brigade that are held."""
    usual = dict.fromkeys(range(FAMILIES), HONEST / FAMILIES / WEEK)
    held = {report for ring in find_rings(filed, usual, RULES) for report in ring.reports}
    honest = sum(report < HONEST for report in held)
    return honest / HONEST, (len(held) - honest) / BRIGADE


def test_a_brigade_on_one_product_is_held_and_the_honest_are_not():
    chance = random.Random(1)

    honest, hired = flagged([*honest_week(chance), *brigade(chance, seconds=300)])

    assert honest < 0.01
    assert hired > 0.99


def test_a_brigade_over_a_family_in_seconds_is_held():
    chance = random.Random(2)

    honest, hired = flagged([*honest_week(chance), *brigade(chance, seconds=120, products=100)])

    assert honest < 0.01
    assert hired > 0.95


def test_a_slow_brigade_from_few_networks_is_held():
    chance = random.Random(3)

    honest, hired = flagged(
        [*honest_week(chance), *brigade(chance, seconds=3 * 3600, networks=8, products=100)]
    )

    assert honest < 0.01
    assert hired > 0.9


def test_groups_that_share_a_report_are_one_ring():
    filed = [
        Filed(n, n, product=1, family=1, network="", at=NOW + timedelta(seconds=n))
        for n in range(6)
    ]
    linked = [
        Filed(10 + n, 10 + n, product=2 + n, family=1, network="x", at=NOW) for n in range(3)
    ] + [Filed(5, 5, product=1, family=1, network="x", at=NOW)]

    (ring,) = find_rings([*filed[:5], *linked, filed[5]], {}, RULES)

    assert ring.reports == {0, 1, 2, 3, 4, 5, 10, 11, 12}
    assert ring.signs == (RingSign.SAME_NETWORK, RingSign.SAME_PRODUCT)


def test_one_person_on_many_products_is_no_crowd():
    filed = [Filed(n, 1, product=n, family=1, network="x", at=NOW) for n in range(40)]

    assert find_rings(filed, {}, RULES) == []
