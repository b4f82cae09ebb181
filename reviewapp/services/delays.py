"""Keeps the dashboards' roll-ups up to date: delays from new rows, the queue by looking at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, QuerySet

from reviewapp.choices import Verdict
from reviewapp.models import Decision, DelayTally, QueueState, RollUpCursor, Route
from reviewapp.selectors import workload
from reviewapp.selectors.delay_sql import BOOK_DECISIONS, BOOK_ROUTES
from reviewapp.services.rollups import BATCH, last_settled, locked, move

_ROUTES, _DECISIONS = "delays-of-routes", "delays-of-decisions"
_SLOT: Final = timedelta(minutes=10)


def roll_up_delays(*, now: datetime, most: int = BATCH) -> bool:
    """Count the delays of up to `most` new routes, or else decisions; False when none is left."""
    return _book(_ROUTES, Route.objects.all(), "created_at", BOOK_ROUTES, now, most) or _book(
        _DECISIONS, Decision.objects.all(), "decided_at", BOOK_DECISIONS, now, most
    )


@transaction.atomic
def rebuild_delays() -> None:
    """Forget all delays; `roll_up_delays` takes everything in anew."""
    for name in (_ROUTES, _DECISIONS):
        locked(name)
    DelayTally.objects.all().delete()
    RollUpCursor.objects.filter(name__in=[_ROUTES, _DECISIONS]).update(last_id=0)


def observe_queue(*, now: datetime) -> bool:
    """Store the state of the review queue, once per ten minutes; True when it was stored now."""
    at = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % _SLOT
    if QueueState.objects.filter(at=at).exists():
        return False
    answers = Decision.objects.filter(
        decided_at__gt=now - timedelta(hours=1),
        decided_at__lte=now,
        verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED],
    ).aggregate(count=Count("pk"), people=Count("moderator", distinct=True))
    load = workload.load(now=now, decided=0)
    QueueState.objects.bulk_create(
        [
            QueueState(
                at=at,
                open=load.open,
                oldest_at=load.oldest_at if load.open else None,
                answered=answers["count"],
                people=answers["people"],
            )
        ],
        ignore_conflicts=True,
    )
    return True


@transaction.atomic
def _book(
    name: str, rows: QuerySet[Any, Any], moment: str, query: str, now: datetime, most: int
) -> bool:
    cursor = locked(name)
    new = rows.filter(pk__gt=cursor.last_id).order_by("pk").values_list("pk", moment)
    last = last_settled(list(new[:most]), now)
    if last is None:
        return False
    with connection.cursor() as database:
        database.execute(query, {"after": cursor.last_id, "last": last})
    move(cursor, last)
    return True
