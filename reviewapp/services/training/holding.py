"""A worker's hold on a run: it lasts while the row counts that very attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from reviewapp.choices import JobStatus, TrainingStage, TrainingStatus
from reviewapp.models import TrainingPoint, TrainingRun
from reviewapp.models.training import OPEN

# Stored in English and translated where it is shown.
TOO_MANY_DEATHS = gettext_noop(
    "The worker died again and again while it trained this; it may lack memory. Trying again goes"
    " on from the last checkpoint."
)
NO_SNAPSHOT = gettext_noop("Its snapshot could not be frozen; the snapshot's page says why.")


class RunLost(Exception):
    """Another worker has taken the run over, or it has ended; this one must stop."""


@dataclass(frozen=True, slots=True)
class RunHold:
    """One worker's hold. folder: the run's files; part: the model that this attempt writes."""

    run_id: int
    attempt: int
    folder: Path
    part: Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` steps of `stage`."""

    stage: str
    done: int
    total: int | None


def run_folder(run_id: int) -> Path:
    """Return where a run keeps its rows and checkpoints."""
    return Path(settings.PRIVATE_ROOT) / "training" / str(run_id)


@transaction.atomic
def claim_run(
    *, run_id: int, code_version: str, environment: Mapping[str, str], now: datetime
) -> RunHold | None:
    """Take a run that waits or whose worker has died; None when there is nothing to take.

    Locks the row. A run whose snapshot is not frozen yet is left alone. One whose cancellation is
    wanted, whose snapshot has failed, or whose workers have died TRAINING_MAX_DEATHS times ends.
    """
    run = _claimable(run_id, now)
    if run is None:
        return None
    if run.status == TrainingStatus.RUNNING:
        run.deaths += 1
    if reason := _why_not(run):
        end(run, TrainingStatus.FAILED, now, error=reason)
        return None
    if run.is_cancel_wanted:
        end(run, TrainingStatus.CANCELLED, now)
        return None
    if run.is_waiting_for_rows:
        return None
    run.status = TrainingStatus.RUNNING
    run.attempt += 1
    run.started_at = run.started_at or now
    run.lease_expires_at = _lease_end(now)
    run.stage, run.steps_done, run.steps_total = "", 0, None
    run.code_version, run.environment = code_version, dict(environment)
    run.save()
    folder = run_folder(run_id)
    return RunHold(run_id, run.attempt, folder, folder / f"model-{run.attempt}")


def report_run(
    *, hold: RunHold, progress: Progress | None, points: Iterable[TrainingPoint], now: datetime
) -> bool:
    """Note the progress, keep the points and stay the holder; say whether to cancel.

    Points known already are left as they are. Raises RunLost.
    """
    values: dict[str, Any] = {"lease_expires_at": _lease_end(now)}
    if progress is not None and progress.stage in TrainingStage.values:
        values |= {
            "stage": progress.stage,
            "steps_done": progress.done,
            "steps_total": progress.total,
        }
    if not held(hold).update(**values):
        raise RunLost
    TrainingPoint.objects.bulk_create(points, ignore_conflicts=True)
    return held(hold).filter(is_cancel_wanted=True).exists()


@transaction.atomic
def release_run(*, hold: RunHold, has_died: bool, now: datetime) -> None:
    """Let go of a run so that the next worker goes on at once; without effect once it is lost.

    has_died: the training itself was killed, as for lack of memory; it counts towards giving up
    """
    run = held(hold).select_for_update().first()
    if run is None:
        return
    run.deaths += has_died
    if reason := _why_not(run):
        end(run, TrainingStatus.FAILED, now, error=reason)
        return
    run.status, run.lease_expires_at = TrainingStatus.WAITING, None
    run.save(update_fields=["status", "lease_expires_at", "deaths"])


def held(hold: RunHold) -> QuerySet[TrainingRun]:
    """Return the run if this very attempt holds it, else nothing."""
    return TrainingRun.objects.filter(
        pk=hold.run_id, status=TrainingStatus.RUNNING, attempt=hold.attempt
    )


def end(run: TrainingRun, status: TrainingStatus, now: datetime, error: str = "") -> None:
    """Write the end of a locked run."""
    run.status, run.error = status, error
    run.lease_expires_at, run.finished_at = None, now
    run.save()


def _claimable(run_id: int, now: datetime) -> TrainingRun | None:
    is_held = Q(status=TrainingStatus.RUNNING, lease_expires_at__gt=now)
    runs = TrainingRun.objects.select_for_update(skip_locked=True, of=("self",))
    runs = runs.select_related("snapshot").filter(pk=run_id, status__in=OPEN)
    return runs.exclude(is_held).first()


def _why_not(run: TrainingRun) -> str:
    if run.snapshot is not None and run.snapshot.status == JobStatus.FAILED:
        return NO_SNAPSHOT
    return TOO_MANY_DEATHS if run.deaths >= settings.TRAINING_MAX_DEATHS else ""


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.TRAINING_LEASE_SECONDS)
