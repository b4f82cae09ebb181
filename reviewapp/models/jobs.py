from django.conf import settings
from django.db import models

from reviewapp.choices import JobStatus


class LeasedJob(models.Model):
    """Long work on a row: one worker holds it while the row counts that very attempt."""

    status = models.CharField(max_length=8, choices=JobStatus, default=JobStatus.WAITING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
