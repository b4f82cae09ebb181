"""Rules that are kept as versions: rows that are only added, of which the newest is in force."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db import connection

from reviewapp.models import ReportPolicy, RoutingPolicy, TrainingSchedule

Rules = TypeVar("Rules", RoutingPolicy, ReportPolicy, TrainingSchedule)


@dataclass(eq=False)
class VersionOutdated(Exception):
    """Somebody has put a newer `version` in force since the form was opened."""

    version: int


def in_force(model: type[Rules], *, now: datetime) -> Rules:
    """Return the newest row; make version 1 with the default numbers on first use.

    Safe when several workers come first at once: one row is made, all return it.
    """
    newest = model._default_manager.order_by("-version")
    found = newest.first()
    if found is None:
        model._default_manager.bulk_create(
            [model(version=1, created_at=now)], ignore_conflicts=True
        )
        found = newest[0]
    return found


def locked_in_force(model: type[Rules], *, now: datetime) -> Rules:
    """Return the row in force and keep other writers out until the transaction ends."""
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
    return in_force(model, now=now)


def in_force_for_next(model: type[Rules], *, based_on: int, now: datetime) -> Rules:
    """Return the row in force and keep other writers out, so that the next number is free.

    based_on: the version the author has seen. Call it inside a transaction. Raises VersionOutdated
    when a newer one is in force.
    """
    found = locked_in_force(model, now=now)
    if found.version != based_on:
        raise VersionOutdated(found.version)
    return found
