from django.conf import settings
from django.db import models

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.correlation import MAX_LENGTH
from reviewapp.domain.reasons import Reason


class CatalogueImport(models.Model):
    """One bulk import: its files below PRIVATE_ROOT/imports/<id>, its progress, its outcome."""

    format = models.CharField(max_length=8, choices=ImportFormat)
    source = models.SlugField(max_length=60)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="imports"
    )
    # Names of the files as stored: table, labels, images_zip, images_npy.
    files = models.JSONField(default=dict, blank=True)
    # Of the reasons in its report; empty: the seller's, or the shop's.
    language = models.CharField(max_length=10, blank=True)
    status = models.CharField(max_length=8, choices=JobStatus, default=JobStatus.WAITING)
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    # Rows handled so far; a restarted import goes on from here.
    rows_done = models.PositiveIntegerField(default=0)
    created_count = models.PositiveIntegerField(default=0)
    updated_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    # Pictures of the archive that no row names, and one of them.
    unnamed_pictures = models.PositiveIntegerField(default=0)
    unnamed_example = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Of the upload; what it brings in is asked for under the same.
    correlation_id = models.CharField(max_length=MAX_LENGTH, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.source} {self.format} {self.status}"


class LabelImport(models.Model):
    """One file of labels that people gave elsewhere, in Label Studio's JSON.

    report: the first refused and contested tasks: [number, words, values], as Reason writes them
    """

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_count = models.PositiveIntegerField(default=0)
    unchanged_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    # Said otherwise than a decision here, which stands until a colleague has decided again.
    contested_count = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.file_name

    @property
    def reasons(self) -> list[tuple[int, Reason]]:
        """The report, told in the language of whoever reads it."""
        return [(number, Reason.from_json(told)) for number, *told in self.report]

    @property
    def reasons_left_out(self) -> bool:
        return self.refused_count + self.contested_count > len(self.report)

    @property
    def tasks_count(self) -> int:
        return self.created_count + self.unchanged_count + self.refused_count + self.contested_count
