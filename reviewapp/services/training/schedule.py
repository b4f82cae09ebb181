"""The training schedule: versioned and append-only; the newest is in force, beat follows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from reviewapp.choices import TrainingOrigin
from reviewapp.domain import training as rules
from reviewapp.domain.snapshots import Filters
from reviewapp.models import ModelVersion, TrainingRun, TrainingSchedule, User
from reviewapp.selectors import model_versions
from reviewapp.selectors import training as selectors
from reviewapp.services import versions
from reviewapp.services.promotions import GateNotPassed, promote
from reviewapp.services.snapshots import request_snapshot
from reviewapp.services.training.requesting import request_run

NUMBERS: Final = (
    "every_labels",
    "every_days",
    "first_labels",
    "first_per_category",
    "config",
    "seed",
)
# Stored in English and translated where it is shown.
_WHY: Final = {
    rules.Due.LABELS: gettext_noop("Enough new labels"),
    rules.Due.DAYS: gettext_noop("Enough time has passed"),
    rules.Due.FIRST: gettext_noop("Enough labels for the first model"),
}


def current_schedule(*, now: datetime) -> TrainingSchedule:
    """Return the schedule in force; make version 1, which trains only a first model, on first use."""
    return versions.in_force(TrainingSchedule, now=now)


@transaction.atomic
def set_schedule(
    *,
    changes: Mapping[str, Any],
    based_on: int,
    author: User | None,
    now: datetime,
    note: str = "",
) -> TrainingSchedule:
    """Put a new version in force with `changes`; the rest is taken over from the one before.

    changes: new values by name, of NUMBERS; config as `checked_config` reads it, whose
    ConfigInvalid is raised
    based_on: the version the author has seen; raises VersionOutdated when a newer one is in force
    """
    if unknown := sorted(set(changes) - set(NUMBERS)):
        raise ValueError(f"No numbers of a schedule: {', '.join(unknown)}")
    before = versions.in_force_for_next(TrainingSchedule, based_on=based_on, now=now)
    numbers = {name: getattr(before, name) for name in NUMBERS} | dict(changes)
    selectors.checked_config(numbers["config"])
    return TrainingSchedule.objects.create(
        **numbers, version=before.version + 1, note=note, created_by=author, created_at=now
    )


def rules_of(schedule: TrainingSchedule) -> rules.Schedule:
    """Return the numbers of a row as the domain's value."""
    return rules.Schedule(
        every_labels=schedule.every_labels,
        every_days=schedule.every_days,
        first_labels=schedule.first_labels,
        first_per_category=schedule.first_per_category,
    )


def follow_schedule(*, now: datetime) -> TrainingRun | None:
    """Ask for a snapshot and a run if one is due; also let a first model classify that should.

    Two callers at once ask for one run: the database allows one open run of each origin.
    """
    schedule = current_schedule(now=now)
    champion = model_versions.champion()
    if champion is None:
        promote_first(now=now)
    reason = _reason(schedule, champion, now)
    if reason is None:
        return None
    is_first = reason is rules.Due.FIRST
    origin = TrainingOrigin.COLD_START if is_first else TrainingOrigin.SCHEDULE
    try:
        return _ask(schedule, origin, _WHY[reason], now)
    except IntegrityError:
        return None  # another caller was faster


@transaction.atomic
def promote_first(*, now: datetime) -> TrainingRun | None:
    """Let the model of a finished cold start classify if none does, and note that on its run.

    Locks the run. Safe to repeat. Raises ModelRefused as `promotions.promote` does.
    """
    run = (
        TrainingRun.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(origin=TrainingOrigin.COLD_START, model_version__isnull=False, promoted_at=None)
        .order_by("-id")
        .first()
    )
    if run is None or run.model_version is None or model_versions.champion() is not None:
        return None
    try:
        promote(version=run.model_version, now=now)
    except GateNotPassed:
        return None  # another model has taken the place this very moment
    run.promoted_at = now
    run.save(update_fields=["promoted_at"])
    return run


def _reason(
    schedule: TrainingSchedule, champion: ModelVersion | None, now: datetime
) -> rules.Due | None:
    if champion is None:
        if (
            not schedule.first_labels
            or TrainingRun.objects.filter(
                origin=TrainingOrigin.COLD_START, created_at__gte=schedule.created_at
            ).exists()
        ):
            return None  # it was tried once; a person looks at it, or changes the schedule
        counts = selectors.labels_by_category()
        missing = rules.missing_labels(
            {one.code: number for one, number in counts.items()}, rules_of(schedule)
        )
        return rules.Due.FIRST if missing.is_nothing else None
    last = selectors.last_scheduled_from()
    return rules.due(
        rules_of(schedule),
        new_labels=selectors.labels_since(last),
        last_at=last or schedule.created_at,
        now=now,
    )


@transaction.atomic
def _ask(
    schedule: TrainingSchedule, origin: TrainingOrigin, why: str, now: datetime
) -> TrainingRun:
    snapshot = request_snapshot(filters=Filters(), note=why, user=None, now=now)
    return request_run(
        snapshot=snapshot,
        has_base=True,
        config=schedule.config,
        seed=schedule.seed,
        note=why,
        origin=origin,
        now=now,
    )
