"""The life of an export: asked for, held by one worker at a time, done or failed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models import DatasetExport, DatasetSnapshot, User
from reviewapp.selectors.exports import export_path
from reviewapp.services import leases
from reviewapp.services.exports.write import ENDINGS, Written

ExportHold = leases.Hold[DatasetExport]


class SnapshotUnfinished(Exception):
    """The snapshot has no rows yet, or never will have."""


def request_export(
    *, snapshot: DatasetSnapshot, export_format: ExportFormat, user: User | None, now: datetime
) -> DatasetExport:
    """Note that an export is wanted; a worker makes the file. Raises SnapshotUnfinished."""
    if snapshot.status != JobStatus.DONE:
        raise SnapshotUnfinished
    return DatasetExport.objects.create(
        snapshot=snapshot, format=export_format, requested_by=user, created_at=now
    )


def claim_export(*, export_id: int, now: datetime) -> ExportHold | None:
    """Take an export that waits, or whose worker has died; see `leases.claim`."""
    folder = Path(settings.PRIVATE_ROOT) / "exports"
    return leases.claim(DatasetExport, job_id=export_id, folder=folder, now=now)


def finish_export(*, hold: ExportHold, written: Written, now: datetime) -> DatasetExport:
    """Give the finished file its name and mark the export done. Raises leases.JobLost."""

    def complete(export: DatasetExport) -> Path:
        ending = ENDINGS[ExportFormat(export.format)]
        export.file_name = f"bonrayon-{export.snapshot_id}-{export.format}-{export.pk}.{ending}"
        export.rows_total = export.rows_done = written.rows
        export.size_bytes = written.size_bytes
        export.sha256 = written.sha256
        return export_path(export)

    return leases.finish(hold, complete=complete, now=now)
