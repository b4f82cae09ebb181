from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import TrainingOrigin, TrainingStage, TrainingStatus
from reviewapp.models.predictions import ModelVersion
from reviewapp.models.snapshots import DatasetSnapshot

OPEN = (TrainingStatus.WAITING, TrainingStatus.RUNNING)


class TrainingRun(models.Model):
    """One training: frozen rows, configuration and seed in, a candidate ModelVersion out.

    A worker holds the row while it counts that very attempt; its files lie below
    PRIVATE_ROOT/training/<id>.
    """

    # Empty: the catalogue's own codes alone.
    snapshot = models.ForeignKey(
        DatasetSnapshot, models.PROTECT, null=True, blank=True, related_name="training_runs"
    )
    has_base = models.BooleanField(
        default=True, help_text="Learns the codes that products arrived with, beside the labels."
    )
    # As `classifier.run_config.RunConfig` writes it, with the seed in its place.
    config = models.JSONField()
    seed = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=10, choices=TrainingOrigin, default=TrainingOrigin.PERSON)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=9, choices=TrainingStatus, default=TrainingStatus.WAITING)
    is_cancel_wanted = models.BooleanField(default=False)
    # Counts every time a worker took it; a worker of an earlier attempt can change nothing.
    attempt = models.PositiveIntegerField(default=0)
    # Workers that have died on it since it was asked for or tried again.
    deaths = models.PositiveSmallIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    stage = models.CharField(max_length=12, choices=TrainingStage, blank=True)
    steps_done = models.PositiveIntegerField(default=0)
    steps_total = models.PositiveIntegerField(null=True, blank=True)
    # sha256 over the frozen rows, and what they are: counts by origin, split and category.
    rows_sha256 = models.CharField(max_length=64, blank=True)
    rows = models.JSONField(default=dict, blank=True)
    code_version = models.CharField(max_length=100, blank=True)
    environment = models.JSONField(default=dict, blank=True)
    # Another run may have given the very same model before.
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="training_runs"
    )
    # When its model began to classify because none did; only the cold start's run promotes.
    promoted_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index("id", condition=Q(status__in=OPEN), name="training_run_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    status=TrainingStatus.RUNNING,
                    lease_expires_at__isnull=False,
                    started_at__isnull=False,
                    attempt__gt=0,
                )
                | (~Q(status=TrainingStatus.RUNNING) & Q(lease_expires_at=None)),
                name="training_run_running_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN, finished_at=None)
                | (~Q(status__in=OPEN) & Q(finished_at__isnull=False)),
                name="training_run_ended_has_end",
            ),
            models.CheckConstraint(
                condition=Q(status=TrainingStatus.DONE, model_version__isnull=False)
                & ~Q(rows_sha256="")
                | (~Q(status=TrainingStatus.DONE) & Q(model_version=None)),
                name="training_run_done_has_model",
            ),
            models.CheckConstraint(
                condition=~Q(status=TrainingStatus.FAILED) | ~Q(error=""),
                name="training_run_failed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(has_base=True) | Q(snapshot__isnull=False),
                name="training_run_has_data",
            ),
            models.CheckConstraint(
                condition=Q(promoted_at=None)
                | Q(origin=TrainingOrigin.COLD_START, status=TrainingStatus.DONE),
                name="training_run_promotes_first_model",
            ),
            # Two beats at once must not start the schedule's run twice.
            models.UniqueConstraint(
                fields=["origin"],
                condition=Q(status__in=OPEN) & ~Q(origin=TrainingOrigin.PERSON),
                name="training_run_one_open_per_automat",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_waiting_for_rows(self) -> bool:
        """Whether its snapshot has not been frozen yet."""
        return self.snapshot is not None and self.snapshot.status != "done"


class TrainingPoint(models.Model):
    """One point of a run's curve. Append-only; what an attempt after a kill tells again is known."""

    run = models.ForeignKey(TrainingRun, models.CASCADE, related_name="points")
    curve = models.CharField(max_length=60)
    x = models.FloatField()
    y = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "curve", "x"], name="training_point_once")
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.curve} {self.x}: {self.y}"


class TrainingSchedule(models.Model):
    """When models are trained by themselves. Versioned and append-only: the newest is in force."""

    version = models.PositiveIntegerField(unique=True)
    # A run after so many new labels, or so many days with at least one; empty: never.
    every_labels = models.PositiveIntegerField(null=True, blank=True)
    every_days = models.PositiveIntegerField(null=True, blank=True)
    # Cold start: the first model comes with so many labels in all and in each category; 0: never.
    first_labels = models.PositiveIntegerField(default=500)
    first_per_category = models.PositiveIntegerField(default=5)
    config = models.JSONField(default=dict, blank=True)
    seed = models.PositiveIntegerField(default=0)
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        get_latest_by = "version"
        constraints = [
            models.CheckConstraint(
                condition=Q(every_labels=None) | Q(every_labels__gt=0),
                name="training_schedule_labels_above_0",
            ),
            models.CheckConstraint(
                condition=Q(every_days=None) | Q(every_days__gt=0),
                name="training_schedule_days_above_0",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"
