"""Made-up shops with stratified audits: what the tests and `scripts/bench_audit.py` draw from."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from reviewapp.domain.live_error import Cell

_TIMES = np.array([4.0, 2.0, 1.0])
_BLOCK = 10_000


def draw_shop(generator: np.random.Generator) -> tuple[list[Cell], float]:
    """Return (cells, true error) of one shop: 300 to 100,000 listings, 20 audits and more.

    Errors from 1 in 2,000 to 1 in 10, most just above the threshold; audits there 4 times as dense.
    """
    while True:
        mix = generator.dirichlet([2, 3, 8])
        listed = generator.multinomial(int(10 ** generator.uniform(2.5, 5)), mix)
        spread = [generator.uniform(2, 6), generator.uniform(1, 2), generator.uniform(0.05, 0.6)]
        wrong = np.clip(10 ** generator.uniform(-3.3, -1) * np.array(spread), 0, 0.6)
        rates = np.minimum(1, 10 ** generator.uniform(-1.7, -0.7) * _TIMES)
        answered = generator.binomial(listed, rates)
        if answered.min() > 0 and answered.sum() >= 20:
            found = generator.binomial(answered, wrong)
            columns = zip(rates, listed, answered, answered, found, strict=True)
            cells = [
                Cell(rank, float(rate), *map(int, counts))
                for rank, (rate, *counts) in enumerate(columns)
            ]
            return cells, float((listed * wrong).sum() / listed.sum())


def draw_audits(
    generator: np.random.Generator, error: float, audits: int, *, size: int = 1
) -> Iterator[tuple[bool, float, int]]:
    """Yield (is wrong, weight, group) of `audits` audits in a shop where `error` of the listings are wrong.

    size: half of its products come in groups of so many, one after the other, that are listed with the same
    confidence and wrong together
    """
    mix = np.array([0.15, 0.25, 0.6])
    wrong = np.array([5.0, 0.8, 0.1])
    wrong *= error / (mix * wrong).sum()
    yielded = 0
    for block in count():
        strata = generator.choice(3, size=_BLOCK, p=mix)
        are_wrong = generator.random(_BLOCK) < wrong[strata]
        members = np.where(generator.random(_BLOCK) < 1 / (1 + size), size, 1)
        audited = generator.binomial(members, 0.05 * _TIMES[strata])
        for place in np.repeat(np.arange(_BLOCK), audited):
            yield (
                bool(are_wrong[place]),
                float(1 / _TIMES[strata[place]]),
                block * _BLOCK + int(place),
            )
            yielded += 1
            if yielded == audits:
                return
