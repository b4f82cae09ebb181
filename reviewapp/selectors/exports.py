"""The state of snapshots' exports."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from reviewapp.choices import JobStatus
from reviewapp.models import DatasetExport
from reviewapp.models.jobs import LeasedJob

# A message that has not been taken up by then may be lost.
_MESSAGE_DUE = timedelta(seconds=30)


def recent_exports() -> QuerySet[DatasetExport]:
    return DatasetExport.objects.select_related("requested_by", "snapshot").order_by("-id")


def stranded(kind: type[LeasedJob], *, now: datetime) -> list[int]:
    """Return the jobs that wait for a worker or whose worker has gone silent."""
    due = Q(status=JobStatus.WAITING, created_at__lte=now - _MESSAGE_DUE) | Q(
        status=JobStatus.RUNNING, lease_expires_at__lte=now
    )
    jobs = kind._default_manager.filter(due).order_by("id")
    return list(jobs.values_list("pk", flat=True))


def export_path(export: DatasetExport) -> Path:
    """Return where the file of a finished export lies."""
    return Path(settings.PRIVATE_ROOT) / "exports" / export.file_name
