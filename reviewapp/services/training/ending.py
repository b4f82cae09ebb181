"""How a run ends: with a candidate, a reason or a cancellation; and how it begins again."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from reviewapp.choices import TrainingStatus
from reviewapp.models import ModelVersion, TrainingRun
from reviewapp.models.training import OPEN
from reviewapp.services.model_versions import check_artifact, register_model
from reviewapp.services.training.holding import RunHold, RunLost, end, held

# Of a run's folder these stay for good: what it has learned from, and how.
_KEPT = frozenset({"rows.jsonl", "config.json", "lock"})


class RunHasEnded(Exception):
    """The run is over: there is nothing to cancel."""


class RunIsOpen(Exception):
    """The run has not failed and was not cancelled: there is nothing to try again."""


class OtherRunIsOpen(Exception):
    """Another run of the same automatic origin is open, and there is one of each at a time."""


@transaction.atomic
def finish_run(*, hold: RunHold, now: datetime) -> TrainingRun:
    """Register the model in `hold.part` as a candidate and end the run; drop its checkpoints.

    A model equal to one that is known, byte by byte, is that one. A crash anywhere inside leaves a
    running row, whose next attempt makes the same model again. Raises RunLost, and ModelRefused as
    `model_versions.register_model` does.
    """
    run = held(hold).select_for_update(of=("self",)).first()
    if run is None:
        raise RunLost
    run.model_version = _registered(hold.part, run, now)
    end(run, TrainingStatus.DONE, now)
    transaction.on_commit(lambda: _clean(hold.folder), robust=True)
    return run


def _registered(part: Path, run: TrainingRun, now: datetime) -> ModelVersion:
    known = ModelVersion.objects.filter(manifest_sha256=check_artifact(part)).first()
    if known is not None:
        return known
    target = Path(settings.MODELS_ROOT) / f"run-{run.pk}"
    if target.exists() and not ModelVersion.objects.filter(name=target.name).exists():
        # Of an attempt that died between giving the name and the commit.
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    part.rename(target)
    return register_model(directory=target, now=now)


def _clean(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@transaction.atomic
def fail_run(*, hold: RunHold, error: str, now: datetime) -> None:
    """End the run with the reason; without effect when another worker holds it by now."""
    run = held(hold).select_for_update(of=("self",)).first()
    if run is not None:
        end(run, TrainingStatus.FAILED, now, error=error or "?")


@transaction.atomic
def end_cancelled(*, hold: RunHold, now: datetime) -> None:
    """End a run whose training was stopped because its cancellation is wanted."""
    run = held(hold).select_for_update(of=("self",)).first()
    if run is not None:
        end(run, TrainingStatus.CANCELLED, now)


@transaction.atomic
def cancel_run(*, run_id: int, now: datetime) -> TrainingRun:
    """Cancel a run: at once when it waits, within a second or so when a worker has it.

    Raises RunHasEnded. Repeating it is harmless while the run is open.
    """
    run = TrainingRun.objects.select_for_update(of=("self",)).get(pk=run_id)
    if run.status not in OPEN:
        raise RunHasEnded
    run.is_cancel_wanted = True
    if run.status == TrainingStatus.WAITING:
        end(run, TrainingStatus.CANCELLED, now)
    else:
        run.save(update_fields=["is_cancel_wanted"])
    return run


@transaction.atomic
def retry_run(*, run_id: int) -> TrainingRun:
    """Let a failed or cancelled run wait for a worker again; it goes on from its checkpoint.

    Rows, configuration and seed stay as they were. Raises RunIsOpen for any other run, and
    OtherRunIsOpen for one of the schedule's while another one is open.
    """
    run = TrainingRun.objects.select_for_update(of=("self",)).get(pk=run_id)
    if run.status not in {TrainingStatus.FAILED, TrainingStatus.CANCELLED}:
        raise RunIsOpen
    run.status, run.error, run.finished_at = TrainingStatus.WAITING, "", None
    run.deaths, run.is_cancel_wanted = 0, False
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as error:
        # Of the row's constraints only the one on open runs looks at other rows.
        raise OtherRunIsOpen from error
    return run
