from django.db import models
from django.db.models import Q

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.models.jobs import LeasedJob
from reviewapp.models.snapshots import DatasetSnapshot


class DatasetExport(LeasedJob):
    """A DatasetSnapshot in one format, as one file below PRIVATE_ROOT/exports."""

    # Empty for exports of the time before there were snapshots.
    snapshot = models.ForeignKey(
        DatasetSnapshot, models.PROTECT, null=True, blank=True, related_name="exports"
    )
    format = models.CharField(max_length=12, choices=ExportFormat)
    file_name = models.CharField(max_length=120, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=JobStatus.DONE)
                | (~Q(sha256="") & ~Q(file_name="") & Q(rows_total__isnull=False)),
                name="export_done_has_file",
            )
        ]

    def __str__(self) -> str:
        return f"{self.format} {self.status}"
