from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import ExportFormat, JobStatus


class DatasetExport(models.Model):
    """The corrected dataset in one format, as one file below PRIVATE_ROOT/exports."""

    format = models.CharField(max_length=4, choices=ExportFormat)
    status = models.CharField(max_length=8, choices=JobStatus, default=JobStatus.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    file_name = models.CharField(max_length=120, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

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
