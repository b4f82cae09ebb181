from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import GateVerdict, JobStatus
from reviewapp.models.jobs import LeasedJob
from reviewapp.models.predictions import ModelVersion, RoutingPolicy
from reviewapp.models.snapshots import DatasetSnapshot


class Evaluation(LeasedJob):
    """A ModelVersion measured on the test split of a DatasetSnapshot.

    The answers lie in one file of arrays below PRIVATE_ROOT/evaluations; `metrics` is what
    `domain.evaluation` makes of them.
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="evaluations")
    snapshot = models.ForeignKey(DatasetSnapshot, models.PROTECT, related_name="evaluations")
    metrics = models.JSONField(default=dict, blank=True)
    # Of the file of answers; empty for those measured before it was kept, which count as gone.
    answers_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "snapshot"], name="evaluation_once_per_snapshot"
            ),
            models.CheckConstraint(
                condition=~Q(status=JobStatus.DONE) | ~Q(metrics={}),
                name="evaluation_done_has_metrics",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version_id} on {self.snapshot_id}"


class LiveMeasure(models.Model):
    """All members of a ModelVersion on audits and reviews of the last `days`, measured now and then.

    metrics: as of an Evaluation; empty while there are too few products to say anything
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="live_measures")
    days = models.PositiveSmallIntegerField()
    products = models.PositiveIntegerField()
    # Of these: listed and drawn for a blind audit.
    audits = models.PositiveIntegerField()
    metrics = models.JSONField(default=dict, blank=True)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model_version", "days"], name="live_measure_once"),
            models.CheckConstraint(
                condition=Q(audits__lte=models.F("products")),
                name="live_measure_audits_of_products",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_version_id} over {self.days} days"

    @property
    def reviewed(self) -> int:
        return self.products - self.audits

    @property
    def since(self) -> datetime:
        return self.measured_at - timedelta(days=self.days)


class GateReport(models.Model):
    """A candidate held against a champion on the same products; append-only once judged.

    `results` holds `domain.gate_result.GateResult`s as JSON.
    """

    candidate = models.ForeignKey(Evaluation, models.CASCADE, related_name="gates")
    champion = models.ForeignKey(Evaluation, models.CASCADE, related_name="+")
    policy = models.ForeignKey(
        RoutingPolicy, models.PROTECT, null=True, blank=True, related_name="+"
    )
    results = models.JSONField(default=list, blank=True)
    verdict = models.CharField(max_length=12, choices=GateVerdict, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["candidate", "champion"],
                condition=Q(judged_at=None),
                name="gate_report_one_open_per_pair",
            ),
            models.CheckConstraint(
                condition=Q(judged_at=None, verdict="")
                | Q(judged_at__isnull=False, error="", policy__isnull=False) & ~Q(verdict="")
                | Q(judged_at__isnull=False, verdict="") & ~Q(error=""),
                name="gate_report_verdict_or_error",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} v {self.champion_id}: {self.verdict}"
