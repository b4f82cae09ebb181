from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import PromotionKind, RescoringPhase
from reviewapp.models.evaluations import GateReport
from reviewapp.models.predictions import ModelVersion, RoutingPolicy


class Promotion(models.Model):
    """A ModelVersion became the champion, by which road and on what grounds. Append-only."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    previous = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=PromotionKind)
    gate = models.ForeignKey(
        GateReport, models.PROTECT, null=True, blank=True, related_name="promotions"
    )
    # What was not judged is named by the report; somebody has seen that.
    accepts_unjudged = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    policy_before = models.ForeignKey(
        RoutingPolicy, models.PROTECT, null=True, blank=True, related_name="+"
    )
    policy = models.OneToOneField(
        RoutingPolicy, models.PROTECT, null=True, blank=True, related_name="promotion"
    )
    # A `classifier.certify.Certificate` with the new model's answers; empty without a promise.
    certificate = models.JSONField(default=dict, blank=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    promoted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=PromotionKind.FIRST, previous=None)
                | ~Q(kind=PromotionKind.FIRST) & Q(previous__isnull=False),
                name="promotion_first_has_no_previous",
            ),
            models.CheckConstraint(
                condition=~Q(kind=PromotionKind.GATE) | Q(gate__isnull=False),
                name="promotion_by_gate_has_report",
            ),
            models.CheckConstraint(
                condition=~Q(kind=PromotionKind.OVERRIDE) | ~Q(reason=""),
                name="promotion_override_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(policy=None) | Q(policy_before__isnull=False),
                name="promotion_policy_follows_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.kind}"


class Rescoring(models.Model):
    """The catalogue asked anew after a promotion: first what waits for review, then the rest.

    Which products are left to do is told by the predictions; `cursor` only saves looking for them.
    """

    promotion = models.OneToOneField(Promotion, models.CASCADE, related_name="rescoring")
    phase = models.CharField(max_length=10, choices=RescoringPhase, default=RescoringPhase.REVIEW)
    # The last product of the phase that was done.
    cursor = models.BigIntegerField(default=0)
    is_paused = models.BooleanField(default=False)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    # Of the open review items: routed anew, and thereby listed.
    rerouted = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(default=0)
    # Listed products that FUSION would now put elsewhere; they stay where they are.
    changed = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lease_token=None, lease_expires_at=None)
                | Q(lease_token__isnull=False, lease_expires_at__isnull=False),
                name="rescoring_lease_whole",
            ),
            models.CheckConstraint(
                condition=~Q(phase=RescoringPhase.DONE) | Q(finished_at__isnull=False),
                name="rescoring_done_is_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id}: {self.phase} {self.rows_done}/{self.rows_total}"
