"""Invented reporters: honest ones over a week, and a brigade."""

from collections import Counter, defaultdict
from datetime import timedelta

from reviewapp.domain.rings import Filed, Usual

FAMILIES, PRODUCTS, CARRIERS = 7, 20_000, 10
WEEK_SECONDS = 7 * 24 * 3600


def honest_week(chance, start, count):
    """People without a record: popular products get many reports, and a third of the people
    share the networks of a few carriers."""
    for number in range(count):
        product = min(int(chance.paretovariate(0.8)), PRODUCTS)
        on_carrier = chance.random() < 0.33
        yield Filed(
            report=number,
            reporter=number,
            product=product,
            family=product % FAMILIES,
            network=f"carrier-{chance.randrange(CARRIERS)}" if on_carrier else f"home-{number}",
            at=start + timedelta(seconds=chance.uniform(0, WEEK_SECONDS)),
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
    networks = defaultdict(list)
    for one in week:
        networks[one.network].append(one.family)
    return Usual(
        _rates(one.product for one in week),
        _rates(one.family for one in week),
        {network: _rates(families) for network, families in networks.items()},
    )


def _rates(keys):
    return {key: count / WEEK_SECONDS for key, count in Counter(keys).items()}
