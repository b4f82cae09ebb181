"""Routing policies: versioned and append-only; the newest is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from reviewapp.domain.costs import Costs
from reviewapp.domain.policy_effect import Promise, Sample, certified
from reviewapp.domain.routing import Policy
from reviewapp.models import RoutingPolicy, User
from reviewapp.selectors import calibration, model_versions
from reviewapp.selectors.policy_fairness import PolicyFairness, policy_fairness
from reviewapp.services import versions

NUMBERS: Final = (
    "accept_at",
    "audit_rate",
    "audit_rates",
    "disagreement_at",
    "review_missing_text",
    "thresholds",
    "missing_thresholds",
    "costs",
    "target_error",
    "fairness_bound",
)
"""What a version of the policy says, beside who made it, when and why."""


class PolicyUnfair(Exception):
    """A group would fare worse under the policy than the bound allows."""


def current_policy(*, now: datetime) -> RoutingPolicy:
    """Return the policy in force; make version 1 with the default numbers on first use."""
    return versions.in_force(RoutingPolicy, now=now)


@transaction.atomic
def set_policy(
    *,
    changes: Mapping[str, Any],
    based_on: int,
    author: User | None,
    now: datetime,
    note: str = "",
) -> RoutingPolicy:
    """Put a new version in force with `changes`; the rest is taken over from the one before.

    changes: new values by name, of NUMBERS
    based_on: the version the author has seen; raises VersionOutdated when a newer one is in force
    """
    if unknown := sorted(set(changes) - set(NUMBERS)):
        raise ValueError(f"No numbers of a policy: {', '.join(unknown)}")
    before = versions.in_force_for_next(RoutingPolicy, based_on=based_on, now=now)
    numbers = {name: getattr(before, name) for name in NUMBERS} | dict(changes)
    return RoutingPolicy.objects.create(
        **numbers, version=before.version + 1, note=note, created_by=author, created_at=now
    )


@transaction.atomic
def put_into_force(
    *, changes: Mapping[str, Any], based_on: int, author: User, now: datetime, note: str = ""
) -> RoutingPolicy:
    """Put a person's `changes` into force as `set_policy` does.

    Raises PolicyUnfair, too, when the newest of what is known of products says so.
    """
    before, champion = current_policy(now=now), model_versions.champion()
    known = champion and calibration.known_products(champion, now=now)
    if known and fairness(known.sample, before, draft(before, changes)).broken:
        raise PolicyUnfair
    return set_policy(changes=changes, based_on=based_on, author=author, now=now, note=note)


def fairness(sample: Sample, current: RoutingPolicy, proposed: RoutingPolicy) -> PolicyFairness:
    """Judge `proposed` by the stricter bound of both: whoever declares a looser one may not use it in
    the same breath."""
    return policy_fairness(
        sample=sample,
        current=rules(current),
        proposed=rules(proposed),
        bound=min(current.fairness_bound, proposed.fairness_bound),
    )


def draft(policy: RoutingPolicy, changes: Mapping[str, Any]) -> RoutingPolicy:
    """Return an unsaved version with `changes` to the numbers of `policy`, to look at its effect."""
    return RoutingPolicy(**{name: getattr(policy, name) for name in NUMBERS} | dict(changes))


@dataclass(frozen=True, slots=True)
class Recertified:
    """The rules to list by with a model's own answers, and what is promised of them."""

    rules: Policy
    promise: Promise


def recertified(*, sample: Sample, policy: RoutingPolicy) -> Recertified:
    """Return the rules of `policy`, made stricter until its target is certified on `sample`.

    Where nothing can be promised they stay as they are.
    """
    base = rules(policy)
    promise = certified(sample, base, policy.target_error)
    return Recertified(promise.policy or base, promise)


def rules(policy: RoutingPolicy) -> Policy:
    """Return the numbers of a row as the domain's value."""
    return Policy(
        version=policy.version or 0,  # a draft has none yet
        accept_at=policy.accept_at,
        audit_rate=policy.audit_rate,
        audit_rates=policy.audit_rates,
        disagreement_at=policy.disagreement_at,
        review_missing_text=policy.review_missing_text,
        thresholds={int(code): at for code, at in policy.thresholds.items()},
        missing_thresholds=policy.missing_thresholds,
    )


def costs(policy: RoutingPolicy) -> Costs:
    """Return the costs of a row as the domain's value."""
    stored = dict(policy.costs)
    by_category = {int(code): cost for code, cost in stored.pop("by_category", {}).items()}
    return Costs(**stored, by_category=by_category)
