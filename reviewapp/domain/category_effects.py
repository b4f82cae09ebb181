"""What a routing policy would have done to each category of a sample. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reviewapp.domain import clusters
from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import Interval
from reviewapp.domain.listed_errors import ListedErrors
from reviewapp.domain.policy_effect import Sample, audit_rates, listed_by, paid, thresholds_of
from reviewapp.domain.routing import Policy


@dataclass(frozen=True, slots=True)
class CategoryEffect:
    """A category under a policy; money, hours and reviews are a day's.

    coverage: of the products that the model puts there
    bound: its error is at most this with 1 - DELTA; 1 when nothing is listed
    labels_missing: until its own error could be certified; None where more would not help, or nothing
    can be told
    errs_too_often: its error is surely above the target
    """

    code: int
    threshold: float
    products: int
    coverage: Interval
    error: Interval | None
    accepted: int
    bound: float
    reviews: Interval
    hours: Interval
    money: Interval
    labels_missing: int | None
    errs_too_often: bool


def by_category(
    sample: Sample, policy: Policy, costs: Costs, arrivals: float, target: float
) -> list[CategoryEffect]:
    """Return the effect for each category that the sample's products would be listed under.

    arrivals: products a day, of all categories; their mix is the sample's, and what is not sure of it
        widens the intervals of reviews and money
    """
    listed = listed_by(sample, policy)
    rates = audit_rates(sample, policy, thresholds_of(sample, policy))
    work = np.where(listed, rates, 1.0)
    spent = paid(sample, listed, policy, costs, (~sample.is_right).astype(float))
    effects = []
    for code in np.unique(sample.predicted).tolist():
        own = sample.predicted == code
        errors = ListedErrors.of(~sample.is_right[own & listed], sample.duplicates_of(own & listed))
        reviews = clusters.mean(work * own, sample.duplicates)
        effects.append(
            CategoryEffect(
                code=code,
                threshold=policy.threshold(code, ""),
                products=int(own.sum()),
                coverage=clusters.share(listed[own], sample.duplicates_of(own)),
                error=errors.share,
                accepted=errors.accepted,
                bound=errors.bound,
                reviews=reviews.times(arrivals),
                hours=reviews.times(arrivals * costs.review_seconds / 3600),
                money=clusters.mean(spent * own, sample.duplicates).times(arrivals),
                labels_missing=errors.labels_missing(target),
                errs_too_often=errors.are_surely_above(target),
            )
        )
    return effects
