"""The pure parts of `bench_loop.py`: who is asked about what, what they answer, what is counted.

Shapes: N = products, K = categories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from scipy.stats import t as student

from classifier.arrays import Bools, Floats, Ints
from classifier.certify import learn_then_test
from classifier.selection import at_threshold
from reviewapp.choices import EstimateSource
from reviewapp.domain.priority import ENOUGH, USUAL_VIEWS, Estimate, expected_cost, p_wrong

THRESHOLD: Final = 0.80
DELTA: Final = 0.05
# A few products draw most of the views: one in a hundred 16 times the median.
_VIEWS_SPREAD: Final = 1.2


class Order(StrEnum):
    """Which waiting products a moderator sees first."""

    RANDOM = "random"
    MARGIN = "margin"  # least lead of the first category over the second
    VALUE = "value"  # the site's own: expected cost of a wrong place per minute of review


@dataclass(frozen=True)
class Said:
    """What a model says of N products.

    predicted: category codes; confidence: calibrated, 0..1; margin: lead over the second category
    """

    predicted: Ints
    confidence: Floats
    margin: Floats

    @classmethod
    def of(cls, log_proba: Floats, known: Bools, labels: Sequence[int]) -> Said:
        """Read (N, K) answers; a product that is not `known` has confidence and margin 0."""
        two_best = np.sort(np.exp(log_proba), axis=1)[:, -2:]
        confidence = np.where(known, two_best[:, 1], 0.0)
        margin = np.where(known, two_best[:, 1] - two_best[:, 0], 0.0)
        return cls(np.asarray(labels)[log_proba.argmax(axis=1)], confidence, margin)

    def select(self, rows: Ints) -> Said:
        return Said(self.predicted[rows], self.confidence[rows], self.margin[rows])


@dataclass(frozen=True, slots=True)
class Point:
    """How good a model is.

    accuracy, coverage, covered_accuracy, certified_2, certified_5: on the test products, the
        latter two the coverage at which at most 2 % or 5 % are wrong, 95 % sure; 0 without promise
    views_right: share of the pool's views that fall on a product in its right category
    """

    labels: int
    accuracy: float
    coverage: float
    covered_accuracy: float
    certified_2: float
    certified_5: float
    views_right: float


def draw_views(count: int, draw: np.random.Generator) -> Floats:
    """Return views a day (N,), log-normal around the site's usual number."""
    return draw.lognormal(math.log(USUAL_VIEWS), _VIEWS_SPREAD, count)


def moderated(codes: Ints, labels: Ints, error_rate: float, draw: np.random.Generator) -> Ints:
    """Return a moderator's answers: wrong by chance, then any other category alike.

    labels: all categories, ascending. One draw answers for every product, seen or not, so that
    all orderings of one seed meet the same moderator.
    """
    is_wrong = draw.random(len(codes)) < error_rate
    shift = draw.integers(1, len(labels), len(codes))
    place = np.searchsorted(labels, codes)
    answers: Ints = labels[np.where(is_wrong, place + shift, place) % len(labels)]
    return answers


def urgency(order: Order, said: Said, views: Floats, lot: Floats) -> Floats:
    """Return how soon each product is to be seen (N,): highest first. lot: (N,) random."""
    if order is Order.RANDOM:
        return lot
    if order is Order.MARGIN:
        return -said.margin
    return np.array([priority(*one) for one in zip(said.confidence, views, strict=True)])


def priority(confidence: float, views: float) -> float:
    """Return the site's priority of a doubt, with costs and minutes of review as usual."""
    known = Estimate(float(views), EstimateSource.MEASURED, ENOUGH)
    return expected_cost(p_wrong(float(confidence)), None, known, None).priority


def next_batch(urgent: Floats, waiting: Ints, count: int) -> Ints:
    """Return the `count` most urgent rows of `waiting`; equal ones in the order given."""
    first: Ints = waiting[np.argsort(-urgent[waiting], kind="stable")][:count]
    return first


def measure(labels: int, said: Said, true: Ints, views_right: float) -> Point:
    """Return the point of a model that says this of the test products."""
    is_right = said.predicted == true
    at = at_threshold(said.confidence, is_right, THRESHOLD)
    two, five = (
        learn_then_test(said.confidence, is_right, target, DELTA).coverage
        for target in (0.02, 0.05)
    )
    covered = math.nan if at.accuracy is None else at.accuracy
    return Point(labels, float(is_right.mean()), at.coverage, covered, two, five, views_right)


def t_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Return mean and 95 % interval (Student 1908) of a few independent values."""
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(student.ppf(0.975, len(values) - 1)) * error
    return mean, mean - reach, mean + reach
