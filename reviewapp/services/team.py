"""Keeping what has been measured of the team, so that pages only read it."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from reviewapp.domain.team import NEEDED, Measured
from reviewapp.models import TeamMeasure


@transaction.atomic
def store_measures(*, measured: Iterable[Measured], now: datetime) -> int:
    """Put new numbers in the place of all old ones; return how many there are."""
    rows = [_row(one, now) for one in measured]
    TeamMeasure.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "moderator", "category"],
        update_fields=["value", "low", "high", "sample", "needed", "measured_at"],
    )
    TeamMeasure.objects.exclude(measured_at=now).delete()
    return len(rows)


def _row(one: Measured, now: datetime) -> TeamMeasure:
    interval = one.shown
    return TeamMeasure(
        kind=one.kind,
        moderator_id=one.moderator,
        category_id=one.category,
        value=interval.value if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        sample=one.sample,
        needed=NEEDED[one.kind],
        measured_at=now,
    )
