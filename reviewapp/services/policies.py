"""Routing policies: versioned and append-only; the newest is in force."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from reviewapp.domain.routing import Policy
from reviewapp.models import RoutingPolicy, User


@dataclass(eq=False)
class PolicyOutdated(Exception):
    """Somebody has set a newer policy since the form was opened."""

    version: int


def current_policy(*, now: datetime) -> RoutingPolicy:
    """Return the policy in force; make version 1 with the default numbers on first use.

    Safe when several workers come first at once: one row is made, all return it.
    """
    policy = RoutingPolicy.objects.order_by("-version").first()
    if policy is None:
        RoutingPolicy.objects.bulk_create(
            [RoutingPolicy(version=1, created_at=now)], ignore_conflicts=True
        )
        policy = RoutingPolicy.objects.order_by("-version")[0]
    return policy


@transaction.atomic
def set_policy(
    *,
    accept_at: float,
    audit_rate: float,
    based_on: int,
    author: User | None,
    now: datetime,
    note: str = "",
) -> RoutingPolicy:
    """Put a new version in force with new numbers; the rest is taken over from the one before.

    accept_at, audit_rate: 0..1
    based_on: the version the author has seen; raises PolicyOutdated when a newer one is in force
    """
    _lock_policies()
    before = current_policy(now=now)
    if before.version != based_on:
        raise PolicyOutdated(before.version)
    return RoutingPolicy.objects.create(
        version=before.version + 1,
        accept_at=accept_at,
        audit_rate=audit_rate,
        disagreement_at=before.disagreement_at,
        review_missing_text=before.review_missing_text,
        note=note,
        created_by=author,
        created_at=now,
    )


def _lock_policies() -> None:
    """Let one writer in at a time, so that the next version number is free."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE reviewapp_routingpolicy IN SHARE ROW EXCLUSIVE MODE")


def rules(policy: RoutingPolicy) -> Policy:
    """Return the numbers of a row as the domain's value."""
    return Policy(
        version=policy.version,
        accept_at=policy.accept_at,
        audit_rate=policy.audit_rate,
        disagreement_at=policy.disagreement_at,
        review_missing_text=policy.review_missing_text,
    )
