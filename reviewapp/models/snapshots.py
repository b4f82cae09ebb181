from django.db import models
from django.db.models import Q

from reviewapp.choices import JobStatus, Split
from reviewapp.models.catalog import Product
from reviewapp.models.jobs import LeasedJob


class DatasetSnapshot(LeasedJob):
    """An immutable selection of FeedbackLabels with their products as they were.

    The rows lie in one Parquet file below PRIVATE_ROOT/snapshots, named by `digest`: two snapshots
    of the same content share it.
    """

    note = models.CharField(max_length=200, blank=True)
    # What was asked for: see `domain.snapshots.Filters`.
    filters = models.JSONField(default=dict, blank=True)
    # sha256 over the manifest, which holds the sha256 over the canonical rows.
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    manifest = models.JSONField(default=dict, blank=True)
    # Live labels that the selection does not hold, by cause; of that day, so no part of the digest.
    left_out = models.JSONField(default=dict, blank=True)
    # The newest label of that moment: what has a higher id was given since. None: not noted then.
    last_label = models.PositiveBigIntegerField(null=True, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=JobStatus.DONE)
                | (~Q(digest="") & ~Q(file_sha256="") & Q(rows_total__gt=0)),
                name="snapshot_done_has_content",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.digest[:12] or self.status}"


class SplitAssignment(models.Model):
    """The split of a product since a snapshot first held it.

    It only ever rises: training, validation, test (`domain.splits`).
    """

    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="split_assignment"
    )
    split = models.CharField(max_length=10, choices=Split)
    # Before it rose: a model made then may know it by heart.
    was_in_training = models.BooleanField(default=False)
    assigned_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.product_id} {self.split}"
