"""Booking decisions in the ledger, and the alarms that come of it."""

from dataclasses import asdict
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from reviewapp.choices import ComparisonKind, WatchStream
from reviewapp.domain.carelessness import Capital, Watch, without_answer
from reviewapp.domain.comparisons import GRACE, Alarm, Ledger, Line, comparisons_of
from reviewapp.models import (
    Category,
    ComparisonCursor,
    ComparisonTally,
    GoldComparison,
    KnownAnswer,
    ModeratorAlarm,
    ModeratorWatch,
    User,
)
from reviewapp.selectors.comparisons import settled_after
from reviewapp.selectors.team import all_tallies
from reviewapp.services.mail import tell

BATCH = 2000


@transaction.atomic
def book_comparisons(*, now: datetime, most: int = BATCH) -> int | None:
    """Book up to `most` decisions older than GRACE; return the last id, None when none is left.

    Repeating it is harmless: the cursor is locked and moves in the same transaction.
    """
    cursor = _lock_cursor()
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


@transaction.atomic
def withdraw_comparisons(*, known: KnownAnswer, now: datetime) -> int:
    """Take everybody's comparisons with `known` out again, because a lead has upheld a dispute of
    it; return how many there were.

    Tally, record and watch are as if it had not been asked, or kinder. Waits for a booking under
    way; what has not been booked never will be.
    """
    _lock_cursor()
    rows = GoldComparison.objects.filter(
        decision__item__known_answer=known, withdrawn_at=None
    ).select_related("decision")
    return sum(_withdraw(row, now) for row in rows)


def _withdraw(row: GoldComparison, now: datetime) -> int:
    who = row.decision.moderator_id
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    ComparisonTally.objects.filter(
        moderator=who, kind=ComparisonKind.GOLD, category=row.category_id
    ).update(seen=F("seen") - 1, off=F("off") - int(row.is_off))
    watch = ModeratorWatch.objects.filter(moderator=who, since__lte=row.booked_at).first()
    if watch is not None:
        _take_out(row, watch)
    return 1


def _lock_cursor() -> ComparisonCursor:
    """Let one booking or withdrawal at a time change tallies and watches."""
    ComparisonCursor.objects.get_or_create(pk=1)
    return ComparisonCursor.objects.select_for_update().get(pk=1)


def _take_out(row: GoldComparison, watch: ModeratorWatch) -> None:
    kind = ComparisonKind.GOLD
    kinder = without_answer(_watch_of(watch), kind=kind, factor=row.factor)
    watch.streams = _streams(kinder)
    line = watch.record.get(kind.value)
    if line is not None and row.tolerated:
        watch.record[kind.value] = {
            "seen": line["seen"] - 1,
            "off": line["off"] - row.is_off,
            "tolerated": max(0.0, line["tolerated"] - row.tolerated),
        }
    watch.save(update_fields=["streams", "record"])


def _load_ledger() -> Ledger:
    ledger = Ledger(Category.objects.filter(is_active=True).count() or 1, all_tallies())
    for row in ModeratorWatch.objects.all():
        ledger.watches[row.moderator_id] = _watch_of(row)
        ledger.records[row.moderator_id] = {
            ComparisonKind(kind): Line(**line) for kind, line in row.record.items()
        }
    return ledger


def _watch_of(row: ModeratorWatch) -> Watch:
    return Watch({stream: Capital(**row.streams[stream]) for stream in WatchStream})


def _streams(watch: Watch) -> dict[str, dict[str, float]]:
    return {stream.value: asdict(capital) for stream, capital in watch.streams.items()}


def _save_ledger(ledger: Ledger, now: datetime) -> None:
    ComparisonTally.objects.bulk_create(
        [
            ComparisonTally(
                moderator_id=who,
                kind=kind,
                category_id=category,
                band=band,
                seen=ledger.tallies[who, kind, category, band].seen,
                off=ledger.tallies[who, kind, category, band].off,
            )
            for who, kind, category, band in sorted(ledger.changed)
        ],
        update_conflicts=True,
        unique_fields=["moderator", "kind", "category", "band"],
        update_fields=["seen", "off"],
    )
    GoldComparison.objects.bulk_create(
        GoldComparison(
            decision_id=stake.decision,
            category_id=stake.comparison.category,
            is_off=stake.comparison.is_off,
            factor=stake.factor,
            tolerated=stake.bound,
            booked_at=now,
        )
        for stake in ledger.stakes
    )
    for who in {cell[0] for cell in ledger.changed} & ledger.watches.keys():
        _save_watch(who, ledger, now)


def _save_watch(who: int, ledger: Ledger, now: datetime) -> None:
    row, _created = ModeratorWatch.objects.get_or_create(moderator_id=who, defaults={"since": now})
    if who in ledger.restarted:
        row.since = now
    row.streams = _streams(ledger.watches[who])
    row.record = _as_json(ledger.records[who])
    row.save()


def _raise_alarm(alarm: Alarm, now: datetime) -> None:
    """Add the alarm and tell those who lead; while an earlier one is open it says nothing new."""
    if ModeratorAlarm.objects.filter(moderator=alarm.moderator, closed_at=None).exists():
        return
    watch = ModeratorWatch.objects.filter(moderator=alarm.moderator).first()
    row = ModeratorAlarm.objects.create(
        moderator_id=alarm.moderator,
        evidence=alarm.evidence,
        record=_as_json(alarm.record),
        watched_since=watch.since if watch else now,
        raised_at=now,
    )
    tell(
        key=f"moderator:{row.pk}",
        write=partial(_letter, row),
        now=now,
        permission="reviewapp.lead_review",
        about=alarm.moderator,
    )


def _letter(alarm: ModeratorAlarm) -> tuple[str, str]:
    """Return subject and body in the language of the moment."""
    page = f"{settings.PUBLIC_URL}{reverse('review:member', args=[alarm.moderator_id])}"
    told = _(
        "%(name)s is off more often than colleagues in the same categories, beyond what chance"
        " explains."
    ) % {"name": alarm.moderator}
    todo = _(
        "Look at the answers (%(page)s) before you talk, have colleagues check them if need be, and"
        " close the alarm with what you found."
    ) % {"page": page}
    return _("A moderator’s answers are off too often"), f"{told}\n\n{todo}\n"


def _as_json(record: dict[ComparisonKind, Line]) -> dict[str, dict[str, float]]:
    return {kind.value: asdict(line) for kind, line in record.items()}
