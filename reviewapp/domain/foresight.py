"""What the next products will cost under a policy, from those whose category is known. Pure."""

from __future__ import annotations

import math

import numpy as np

from classifier.design_effect import design_effect
from reviewapp.domain import clusters
from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import Interval
from reviewapp.domain.policy_effect import Sample, damage_of, listed_by, paid
from reviewapp.domain.routing import Policy


def foreseen(sample: Sample, policy: Policy, costs: Costs, products: float) -> Interval:
    """Return what `products` new ones like those of the sample (N >= 1) will cost in all, with the
    interval in which that lies 19 times in 20.

    Takes the confidences as far as the sample trusts them, and adds up what nobody knows: which
    products come, which of them are answered wrongly (near duplicates together), and how far the few
    products of the sample mislead about both. The damage comes from few wrong answers:
    there may be none, and more than a symmetric interval says, which is why the upper bound is that of
    square roots (M. Bartlett, JRSS Supplement 3, 1936). The two parts are put together as G. Zou,
    A. Donner, Statistics in Medicine 27, 2008.
    """
    listed = listed_by(sample, policy)
    doubt = 1 - sample.trust.right(sample.confidence)
    expected = paid(sample, listed, policy, costs, doubt)
    damage = np.where(listed, damage_of(sample, costs), 0.0)
    mean, size, quantile = (
        float(expected.mean()),
        len(sample),
        clusters.quantile(sample.duplicates, len(sample)),
    )
    comes = clusters.variance(expected - mean, sample.duplicates) * (1 + size / products)
    together = design_effect(~sample.is_right[listed], sample.duplicates_of(listed))
    errs = float((damage**2 * doubt * (1 - doubt)).mean()) * together / products
    errs += sample.trust.spread(sample.confidence, damage / size)
    below, above = _damage_around(float((damage * doubt).mean()), quantile * math.sqrt(errs))
    half = quantile * math.sqrt(comes)
    low, high = mean - math.hypot(below, half), mean + math.hypot(above, half)
    return Interval(mean * products, max(low, 0.0) * products, high * products, size)


def _damage_around(mean: float, half: float) -> tuple[float, float]:
    """Return how far below and above its mean the damage may lie, half the width of its interval if
    it were normal."""
    if mean <= 0:
        return 0.0, 0.0
    root, step = math.sqrt(mean), half / (2 * math.sqrt(mean))
    return min(half, mean), (root + step) ** 2 - mean
