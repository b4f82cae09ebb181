"""Report policies: versioned and append-only; the newest is in force."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from reviewapp.domain.rings import RingRules
from reviewapp.domain.weight import Rules
from reviewapp.models import ReportPolicy, User
from reviewapp.services import versions

_TAKEN_OVER = [
    field.name
    for field in ReportPolicy._meta.concrete_fields
    if field.name not in {"id", "version", "note", "created_by", "created_at"}
]


@dataclass(eq=False)
class ReportPolicyUnsafe(Exception):
    """With these numbers people without a record could reach the bar, or proven ones could not."""


def current_report_policy(*, now: datetime) -> ReportPolicy:
    """Return the policy in force; make version 1 with the default numbers on first use."""
    return versions.in_force(ReportPolicy, now=now)


@transaction.atomic
def set_report_policy(
    *, numbers: dict[str, Any], based_on: int, author: User | None, now: datetime, note: str = ""
) -> ReportPolicy:
    """Put a new version in force: `numbers` by column, the rest from the one before.

    based_on: the version the author has seen. Raises VersionOutdated when a newer one is in
    force, and ReportPolicyUnsafe for numbers that `domain.weight.Rules.is_safe` refuses.
    """
    before = versions.in_force_for_next(ReportPolicy, based_on=based_on, now=now)
    policy = ReportPolicy(
        **{name: getattr(before, name) for name in _TAKEN_OVER} | numbers,
        version=before.version + 1,
        note=note,
        created_by=author,
        created_at=now,
    )
    if not weight_rules(policy).is_safe:
        raise ReportPolicyUnsafe
    policy.save(force_insert=True)
    return policy


def weight_rules(policy: ReportPolicy) -> Rules:
    """Return the numbers of weighing as the domain's value."""
    return Rules(**{field.name: getattr(policy, field.name) for field in fields(Rules)})


def ring_rules(policy: ReportPolicy) -> RingRules:
    """Return the numbers of finding rings as the domain's value."""
    return RingRules(**{field.name: getattr(policy, field.name) for field in fields(RingRules)})
