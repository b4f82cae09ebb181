"""Booking decisions in the ledger, and the alarms that come of it."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from reviewapp.choices import ComparisonKind, WatchStream
from reviewapp.domain.carelessness import Capital, Watch
from reviewapp.domain.comparisons import GRACE, Alarm, Ledger, Line, comparisons_of
from reviewapp.models import (
    Category,
    ComparisonCursor,
    ComparisonTally,
    ModeratorAlarm,
    ModeratorWatch,
    User,
)
from reviewapp.selectors.comparisons import settled_after
from reviewapp.selectors.team import all_tallies

BATCH = 2000


@transaction.atomic
def book_comparisons(*, now: datetime, most: int = BATCH) -> int | None:
    """Book up to `most` decisions older than GRACE; return the last id, None when none is left.

    Repeating it is harmless: the cursor is locked and moves in the same transaction.
    """
    ComparisonCursor.objects.get_or_create(pk=1)
    cursor = ComparisonCursor.objects.select_for_update().get(pk=1)
    facts, last = settled_after(last=cursor.last_decision, until=now - GRACE, most=most)
    if last is None:
        return None
    ledger = _load_ledger()
    for comparison in (c for one in facts for c in comparisons_of(one)):
        alarm = ledger.book(comparison)
        if alarm is not None:
            _raise_alarm(alarm, now)
    _save_ledger(ledger, now)
    cursor.last_decision = last
    cursor.save(update_fields=["last_decision"])
    return last


def close_alarm(*, alarm: ModeratorAlarm, by: User, comment: str, now: datetime) -> bool:
    """Note that a lead has looked into it; False when it was closed already."""
    open_one = ModeratorAlarm.objects.filter(pk=alarm.pk, closed_at=None)
    return bool(open_one.update(closed_at=now, closed_by=by, comment=comment))


def _load_ledger() -> Ledger:
    ledger = Ledger(Category.objects.filter(is_active=True).count() or 1, all_tallies())
    for row in ModeratorWatch.objects.all():
        ledger.watches[row.moderator_id] = Watch(
            {stream: Capital(**row.streams[stream]) for stream in WatchStream}
        )
        ledger.records[row.moderator_id] = {
            ComparisonKind(kind): Line(**line) for kind, line in row.record.items()
        }
    return ledger


def _save_ledger(ledger: Ledger, now: datetime) -> None:
    ComparisonTally.objects.bulk_create(
        [
            ComparisonTally(
                moderator_id=who,
                kind=kind,
                category_id=category,
                seen=ledger.tallies[who, kind, category].seen,
                off=ledger.tallies[who, kind, category].off,
            )
            for who, kind, category in sorted(ledger.changed)
        ],
        update_conflicts=True,
        unique_fields=["moderator", "kind", "category"],
        update_fields=["seen", "off"],
    )
    for who in {who for who, _kind, _category in ledger.changed} & ledger.watches.keys():
        _save_watch(who, ledger, now)


def _save_watch(who: int, ledger: Ledger, now: datetime) -> None:
    row, _created = ModeratorWatch.objects.get_or_create(moderator_id=who, defaults={"since": now})
    if who in ledger.restarted:
        row.since = now
    row.streams = {
        stream.value: asdict(capital) for stream, capital in ledger.watches[who].streams.items()
    }
    row.record = _as_json(ledger.records[who])
    row.save()


def _raise_alarm(alarm: Alarm, now: datetime) -> None:
    """Add the alarm; while an earlier one is open it says nothing new."""
    if ModeratorAlarm.objects.filter(moderator=alarm.moderator, closed_at=None).exists():
        return
    watch = ModeratorWatch.objects.filter(moderator=alarm.moderator).first()
    ModeratorAlarm.objects.create(
        moderator_id=alarm.moderator,
        evidence=alarm.evidence,
        record=_as_json(alarm.record),
        watched_since=watch.since if watch else now,
        raised_at=now,
    )


def _as_json(record: dict[ComparisonKind, Line]) -> dict[str, dict[str, float]]:
    return {kind.value: asdict(line) for kind, line in record.items()}
