"""Leased jobs: held by one worker at a time, found again when it dies, given up after a few deaths.

Shared by snapshots and exports; a hold lasts while the row counts its very attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from reviewapp.choices import JobStatus
from reviewapp.models.jobs import LeasedJob

Job = TypeVar("Job", bound=LeasedJob)

# Stored in English and translated where it is shown.
TOO_MANY_ATTEMPTS = gettext_noop(
    "The worker died each time it worked on this. Look at its log, then ask for it again."
)


class JobLost(Exception):
    """Another worker has taken the job over; what this one has made is of no use."""


@dataclass(frozen=True, slots=True)
class Hold(Generic[Job]):
    """A worker's hold on a job. part: the file this attempt writes, which no other one does."""

    kind: type[Job]
    job_id: int
    attempt: int
    part: Path


@transaction.atomic
def claim(kind: type[Job], *, job_id: int, folder: Path, now: datetime) -> Hold[Job] | None:
    """Take a job that waits, or whose worker has died; None when there is nothing to take.

    Locks the row, and removes what killed attempts have left in `folder`. After JOB_MAX_ATTEMPTS
    the job fails instead.
    """
    job = (
        _all(kind)
        .select_for_update(skip_locked=True)
        .filter(pk=job_id, status__in=[JobStatus.WAITING, JobStatus.RUNNING])
        .exclude(status=JobStatus.RUNNING, lease_expires_at__gt=now)
        .first()
    )
    if job is None:
        return None
    for part in folder.glob(f"{job_id}-*.part"):
        part.unlink(missing_ok=True)
    if job.attempts >= settings.JOB_MAX_ATTEMPTS:
        _fail(job, TOO_MANY_ATTEMPTS, now)
        return None
    job.status = JobStatus.RUNNING
    job.attempts += 1
    job.rows_done = 0
    job.rows_total = None
    job.lease_expires_at = _lease_end(now)
    job.save(update_fields=["status", "attempts", "rows_done", "rows_total", "lease_expires_at"])
    # Each attempt writes a file of its own: a worker taken for dead may still be writing.
    return Hold(kind, job_id, job.attempts, folder / f"{job_id}-{job.attempts}.part")


def renew(hold: Hold[Job], *, rows_done: int, rows_total: int | None, now: datetime) -> None:
    """Note the progress and stay the holder. Raises JobLost."""
    renewed = _held(hold).update(
        rows_done=rows_done, rows_total=rows_total, lease_expires_at=_lease_end(now)
    )
    if not renewed:
        raise JobLost


@transaction.atomic
def finish(hold: Hold[Job], *, complete: Callable[[Job], Path | None], now: datetime) -> Job:
    """Let `complete` fill in the row, and give the part the name that it returns. Raises JobLost.

    Without a name the part goes: the same content is there already. A crash between the two leaves
    a running job, which the next worker does again.
    """
    job = _held(hold).select_for_update().first()
    if job is None:
        raise JobLost
    path = complete(job)
    job.status = JobStatus.DONE
    job.lease_expires_at = None
    job.finished_at = now
    job.save()
    if path is None:
        hold.part.unlink(missing_ok=True)
    else:
        hold.part.rename(path)
    return job


@transaction.atomic
def fail(hold: Hold[Job], *, error: str, now: datetime) -> None:
    """Mark the job failed with the reason and drop its half-made file.

    Without effect on the row when another worker holds the job by now.
    """
    hold.part.unlink(missing_ok=True)
    job = _held(hold).select_for_update().first()
    if job is not None:
        _fail(job, error, now)


def _fail(job: LeasedJob, error: str, now: datetime) -> None:
    job.status = JobStatus.FAILED
    job.error = error
    job.lease_expires_at = None
    job.finished_at = now
    job.save()


def _held(hold: Hold[Job]) -> QuerySet[Job]:
    return _all(hold.kind).filter(pk=hold.job_id, status=JobStatus.RUNNING, attempts=hold.attempt)


def _all(kind: type[Job]) -> QuerySet[Job]:
    return kind._default_manager.all()


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
