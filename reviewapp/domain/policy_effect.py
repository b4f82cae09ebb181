"""What a routing policy would have done to a sample of products whose category is known. Pure.

Shapes: N = products of the sample. The sample must be drawn like the products that arrive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.certify import Certificate, first_tested, learn_then_test
from reviewapp.choices import AuditStratum
from reviewapp.domain import clusters
from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import Interval
from reviewapp.domain.listed_errors import DELTA, ListedErrors
from reviewapp.domain.routing import STRATA, Policy
from reviewapp.domain.trust import AS_THEY_ARE, Trust, learned, log_odds

# Fewer products of a category say nothing about it alone.
FEWEST_PER_CATEGORY: Final = 30

_DIGITS: Final = 1_000_000
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


# No slots: what every policy asks of the sample is worked out once.
@dataclass(frozen=True)
class Sample:
    """Answers of FUSION to products whose category is known.

    confidence, predicted, true: (N,); missing: (N,) the inputs that were not there, such as
    "image" or "text", empty when both were
    groups: by GroupKind what else is known of the products, (N,) each; a kind that is not known is
        left out
    duplicates: (N,) the near-duplicate group of each product; None when that is not known
    """

    confidence: Floats
    predicted: Ints
    true: Ints
    missing: tuple[str, ...]
    groups: Mapping[str, npt.NDArray[np.str_]] = field(default_factory=dict)
    duplicates: Ints | None = None

    def __len__(self) -> int:
        return len(self.confidence)

    @cached_property
    def is_right(self) -> Bools:
        """(N,)"""
        right: Bools = self.predicted == self.true
        return right

    @cached_property
    def kinds(self) -> tuple[list[tuple[int, str]], Ints]:
        """The different (predicted, missing) of its products, and which one each product is (N,)."""
        places: dict[tuple[int, str], int] = {}
        pairs = zip(self.predicted.tolist(), self.missing, strict=True)
        of_product = [places.setdefault(pair, len(places)) for pair in pairs]
        return list(places), np.array(of_product, dtype=np.int64)

    @cached_property
    def has_text(self) -> Bools:
        """(N,)"""
        return self.of_kind(lambda _code, missing: "text" not in missing.split(","), np.bool_)

    @cached_property
    def trust(self) -> Trust:
        """How far these products say that the confidences are to be trusted."""
        return learned(self.confidence, self.is_right, self.duplicates)

    def of_kind(self, value: Callable[[int, str], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return what depends on (predicted, missing) only, for each product (N,)."""
        kinds, of_product = self.kinds
        return np.array([value(*kind) for kind in kinds], dtype=dtype)[of_product]

    def duplicates_of(self, chosen: Bools) -> Ints | None:
        """Return the near-duplicate groups of the `chosen` products (N,)."""
        return None if self.duplicates is None else self.duplicates[chosen]


@dataclass(frozen=True, slots=True)
class Effect:
    """A policy at work on the sample; money, hours and reviews are a day's.

    error: selective error of automatic listings; None when nothing is listed
    bound: the error is at most this with 1 - DELTA, if the policy was not picked by this sample
    money: what was paid for, by the known categories
    """

    coverage: Interval
    error: Interval | None
    bound: float
    accepted: int
    wrong: int
    reviews: Interval
    hours: Interval
    money: Interval


def listed_by(sample: Sample, policy: Policy) -> Bools:
    """Return which products `policy` would list (N,).

    Leaves out the policy's rule on members that disagree: the sample holds FUSION's answers only.
    """
    return _reaching(sample, policy, thresholds_of(sample, policy))


def _reaching(sample: Sample, policy: Policy, needed: Floats) -> Bools:
    reaches: Bools = sample.confidence >= needed
    return reaches & sample.has_text if policy.review_missing_text else reaches


def thresholds_of(sample: Sample, policy: Policy) -> Floats:
    """Return the confidence that each product of the sample has to reach (N,)."""
    return sample.of_kind(policy.threshold, np.float64)


def effect(sample: Sample, policy: Policy, costs: Costs, arrivals: float) -> Effect:
    """Return what `policy` does to `arrivals` products a day like those of the sample (N >= 1)."""
    needed = thresholds_of(sample, policy)
    listed = _reaching(sample, policy, needed)
    errors = _errors(sample, listed)
    coverage = clusters.share(listed, sample.duplicates)
    rates = audit_rates(sample, policy, needed)
    reviews = clusters.mean(np.where(listed, rates, 1.0), sample.duplicates)
    spent = _paid(sample, listed, rates, costs, (~sample.is_right).astype(float))
    return Effect(
        coverage=coverage,
        error=errors.share,
        bound=errors.bound,
        accepted=errors.accepted,
        wrong=errors.wrong,
        reviews=reviews.times(arrivals),
        hours=reviews.times(arrivals * costs.review_seconds / 3600),
        money=clusters.mean(spent, sample.duplicates).times(arrivals),
    )


def all_manual(sample: Sample, policy: Policy) -> Policy:
    """Return a policy that lists nothing by itself, to compare with."""
    return replace(policy, accept_at=math.inf, thresholds={}, missing_thresholds={})


def flat(policy: Policy, accept_at: float) -> Policy:
    """Return the policy with one threshold for everything."""
    return replace(policy, accept_at=accept_at, thresholds={}, missing_thresholds={})


def cheapest(policy: Policy, costs: Costs, trust: Trust = AS_THEY_ARE) -> Policy:
    """Return the policy with the threshold of least cost for each category (Chow's rule).

    trust: how far the confidences that it will be compared with are to be trusted
    """
    default, *own = (
        trust.confidence_for(costs.threshold(code)) for code in (-1, *costs.by_category)
    )
    return replace(
        policy, accept_at=default, thresholds=dict(zip(costs.by_category, own, strict=True))
    )


@dataclass(frozen=True, slots=True)
class Promise:
    """A policy tightened until its selective error is certified; None when it cannot be.

    labels_missing: how many more accepted products with known category the test would take to
    begin, if they err as the sample's surest do; None where more would not help, or nothing can be told
    errs_too_often: even of the surest, more than the target are surely wrong
    """

    policy: Policy | None
    certificate: Certificate
    labels_missing: int | None
    errs_too_often: bool = False


def certified(sample: Sample, policy: Policy, target: float) -> Promise:
    """Raise all thresholds of `policy` by the same odds, until at most `target` is surely wrong.

    Tests the steps from the strictest down to none at all, by Learn then Test on how far each
    confidence lies above its threshold.
    """
    above = listed_by(sample, policy)
    margin = log_odds(sample.confidence) - log_odds(thresholds_of(sample, policy))
    groups = sample.duplicates_of(above)
    found = learn_then_test(margin[above], sample.is_right[above], target, DELTA, groups)
    if not found.is_given:
        errors = _errors(sample, _surest(sample, above, margin, target))
        missing, too_often = errors.labels_missing(target), errors.are_surely_above(target)
        return Promise(None, found, missing, too_often)
    found = replace(found, coverage=found.accepted / len(sample))
    return Promise(_raised(policy, found.threshold), found, 0)


def _surest(sample: Sample, above: Bools, margin: Floats, target: float) -> Bools:
    """Return which products (N,), of those `above`, the test of a promise begins with."""
    places = np.flatnonzero(above)
    chosen = np.zeros(len(sample), dtype=bool)
    if len(places):
        groups = sample.duplicates_of(above)
        chosen[places[first_tested(margin[above], target, DELTA, groups)]] = True
    return chosen


def curve(
    sample: Sample, policy: Policy, costs: Costs, arrivals: float, thresholds: Sequence[float]
) -> list[tuple[float, Effect]]:
    """Return the effect of each flat threshold, to draw."""
    return [(at, effect(sample, flat(policy, at), costs, arrivals)) for at in thresholds]


def paid(sample: Sample, listed: Bools, policy: Policy, costs: Costs, p_wrong: Floats) -> Floats:
    """Return the cost of each product (N,), where listing it is wrong with probability p_wrong (N,)."""
    rates = audit_rates(sample, policy, thresholds_of(sample, policy))
    return _paid(sample, listed, rates, costs, p_wrong)


def _paid(sample: Sample, listed: Bools, rates: Floats, costs: Costs, p_wrong: Floats) -> Floats:
    damage = damage_of(sample, costs)
    review = costs.review + costs.moderator_error * damage
    # An audit is work, but no wait: the product stays listed.
    audit = rates * costs.review_minute * costs.review_seconds / 60
    return np.where(listed, p_wrong * damage + audit, review)


def audit_rates(sample: Sample, policy: Policy, needed: Floats) -> Floats:
    """Return how likely each product is audited if it is listed (N,). needed: (N,) to be listed"""
    way = np.ones(len(sample))
    np.divide(sample.confidence - needed, 1 - needed, out=way, where=needed < 1)
    strata = [*(name for name, _reach, _times in STRATA), AuditStratum.FAR]
    rates = np.array([policy.audit_rate_in(name) for name in strata])
    reaches = [reach for _name, reach, _times in STRATA]
    return np.asarray(rates[np.searchsorted(reaches, way, side="right")])


def damage_of(sample: Sample, costs: Costs) -> Floats:
    """Return what listing each product wrongly costs (N,)."""
    return sample.of_kind(lambda code, _missing: costs.wrong_in(code), np.float64)


def halve_doubt(policy: Policy) -> Policy:
    """Return the policy with doubled odds for every threshold, which about halves the doubt let in."""
    return _raised(policy, math.log(2))


def _raised(policy: Policy, step: float) -> Policy:
    def up(threshold: float) -> float:
        raised = 1 / (1 + math.exp(-float(log_odds(np.array(threshold))) - step))
        # Upwards: a rounded threshold must not let in what was not tested.
        return min(math.ceil(round(raised * _DIGITS, 3)) / _DIGITS, 1.0)

    return replace(
        policy,
        accept_at=up(policy.accept_at),
        thresholds={code: up(at) for code, at in policy.thresholds.items()},
        missing_thresholds={kind: up(at) for kind, at in policy.missing_thresholds.items()},
    )


def _errors(sample: Sample, accepted: Bools) -> ListedErrors:
    return ListedErrors.of(~sample.is_right[accepted], sample.duplicates_of(accepted))
