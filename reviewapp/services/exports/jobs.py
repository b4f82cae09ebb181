"""The life of an export: asked for, held by one worker at a time, done or failed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport, User
from reviewapp.selectors.exports import export_path
from reviewapp.services.exports.write import Written

# Stored in English and translated where it is shown.
TOO_MANY_ATTEMPTS = gettext_noop(
    "The worker died each time it made this export. Look at its log, then ask for a new one."
)
_ENDINGS = {ExportFormat.CSV: "csv", ExportFormat.NPY: "zip"}


class ExportLost(Exception):
    """Another worker has taken the export over; this one's file is of no use."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A worker's hold on an export: it lasts while the row counts this very attempt."""

    export_id: int
    attempt: int
    format: ExportFormat
    part: Path


def request_export(
    *, export_format: ExportFormat, user: User | None, now: datetime
) -> DatasetExport:
    """Note that an export is wanted; a worker makes the file."""
    return DatasetExport.objects.create(format=export_format, requested_by=user, created_at=now)


@transaction.atomic
def claim_export(*, export_id: int, now: datetime) -> Hold | None:
    """Take an export that waits, or whose worker has died; None when there is nothing to take.

    Locks the row, and removes what killed attempts have left of the file. After JOB_MAX_ATTEMPTS the export fails instead.
    """
    export = (
        DatasetExport.objects.select_for_update(skip_locked=True)
        .filter(pk=export_id, status__in=[JobStatus.WAITING, JobStatus.RUNNING])
        .exclude(status=JobStatus.RUNNING, lease_expires_at__gt=now)
        .first()
    )
    if export is None:
        return None
    _remove_parts(export)
    if export.attempts >= settings.JOB_MAX_ATTEMPTS:
        _fail(export, TOO_MANY_ATTEMPTS, now)
        return None
    export.status = JobStatus.RUNNING
    export.attempts += 1
    export.rows_done = 0
    export.rows_total = None
    export.lease_expires_at = _lease_end(now)
    export.save(update_fields=["status", "attempts", "rows_done", "rows_total", "lease_expires_at"])
    return Hold(export.pk, export.attempts, ExportFormat(export.format), _part(export))


def renew_export(*, hold: Hold, rows_done: int, rows_total: int | None, now: datetime) -> None:
    """Note the progress and stay the holder. Raises ExportLost."""
    renewed = _held(hold).update(
        rows_done=rows_done, rows_total=rows_total, lease_expires_at=_lease_end(now)
    )
    if not renewed:
        raise ExportLost


@transaction.atomic
def finish_export(*, hold: Hold, written: Written, now: datetime) -> DatasetExport:
    """Give the finished file its name and mark the export done. Raises ExportLost.

    A crash between the two leaves a running export, which the next worker makes again.
    """
    export = _held(hold).select_for_update().first()
    if export is None:
        raise ExportLost
    export.file_name = (
        f"bonrayon-labels-{export.created_at:%Y%m%d}-{export.pk}.{_ENDINGS[hold.format]}"
    )
    export.status = JobStatus.DONE
    export.rows_total = export.rows_done = written.rows
    export.size_bytes = written.size_bytes
    export.sha256 = written.sha256
    export.lease_expires_at = None
    export.finished_at = now
    export.save()
    hold.part.rename(export_path(export))
    return export


@transaction.atomic
def fail_export(*, hold: Hold, error: str, now: datetime) -> None:
    """Mark the export failed with the reason and drop its half-made file.

    Without effect when another worker holds the export by now.
    """
    hold.part.unlink(missing_ok=True)
    export = _held(hold).select_for_update().first()
    if export is not None:
        _fail(export, error, now)


def _fail(export: DatasetExport, error: str, now: datetime) -> None:
    export.status = JobStatus.FAILED
    export.error = error
    export.lease_expires_at = None
    export.finished_at = now
    export.save()


def _held(hold: Hold) -> QuerySet[DatasetExport]:
    return DatasetExport.objects.filter(
        pk=hold.export_id, status=JobStatus.RUNNING, attempts=hold.attempt
    )


def _part(export: DatasetExport) -> Path:
    """Each attempt writes a file of its own: a worker taken for dead may still be writing."""
    return Path(settings.PRIVATE_ROOT) / "exports" / f"{export.pk}-{export.attempts}.part"


def _remove_parts(export: DatasetExport) -> None:
    for part in _part(export).parent.glob(f"{export.pk}-*.part"):
        part.unlink(missing_ok=True)


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.JOB_LEASE_SECONDS)
