"""Invented reporters: honest ones over a week, by day and by night, and a brigade."""

import math
from collections import Counter, defaultdict
from datetime import timedelta

from reviewapp.domain.rings import Filed, Usual
from reviewapp.services import reports
from tests.factories import NOW

FAMILIES, PRODUCTS, CARRIERS = 7, 20_000, 10


def submit(product, *people, category=None, now=NOW, network=None):
    """Report `product` once per person, each from a network of their own unless one is given."""
    for number, person in enumerate(people):
        address = network or f"10.{number // 250}.{number % 250}.7"
        reports.submit_report(
            product=product,
            reporter=person,
            suggested_category=category,
            comment="",
            now=now,
            address=address,
        )


def waking_hour(chance):
    """Day and night: nearly twice the mean around 20 h, a tenth of it around 8 h."""
    while True:
        hour = chance.uniform(0, 24)
        if chance.uniform(0, 1.9) < 1 + 0.9 * math.cos(2 * math.pi * (hour - 20) / 24):
            return hour


def evening_hour(chance):
    """Half of a day between 18 and 22 h, the rest evenly: 3.5 times the mean at the peak."""
    return chance.uniform(18, 22) if chance.random() < 0.5 else chance.uniform(0, 24)


def honest_week(chance, start, count, hour=waking_hour):
    """People without a record: popular products get many reports, and a third of the people
    share the networks of a few carriers. `start`: midnight; `hour` draws the time of day."""
    for number in range(count):
        product = min(int(chance.paretovariate(0.8)), PRODUCTS)
        on_carrier = chance.random() < 0.33
        yield Filed(
            report=number,
            reporter=number,
            product=product,
            family=product % FAMILIES,
            network=f"carrier-{chance.randrange(CARRIERS)}" if on_carrier else f"home-{number}",
            at=start + timedelta(days=chance.randrange(7), hours=hour(chance)),
        )


def brigade_of(chance, start, *, first, count, seconds, networks, products):
    """`count` accounts on `products` products of one family, within `seconds`."""
    for number in range(first, first + count):
        yield Filed(
            report=number,
            reporter=number,
            product=PRODUCTS + FAMILIES * chance.randrange(products),
            family=3,
            network=f"hired-{chance.randrange(networks)}",
            at=start + timedelta(seconds=chance.uniform(0, seconds)),
        )


def usual_of(week):
    """What the honest reports of one week make usual."""
    week = list(week)
    networks = defaultdict(list)
    for one in week:
        networks[one.network].append(one.family)
    families = Counter(one.family for one in week)
    return Usual(
        Counter(one.product for one in week),
        families,
        {network: Counter(some) for network, some in networks.items()},
        dict.fromkeys(networks, families),
    )
