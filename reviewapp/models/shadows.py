from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.models.catalog import Category
from reviewapp.models.predictions import ModelVersion, Route


class ShadowRun(models.Model):
    """A candidate that answers silently beside the champion for a while."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="shadow_runs")
    champion = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    # Of the champion's routes; which ones is decided by a hash.
    share = models.FloatField()
    # The last Route that was looked at.
    cursor = models.BigIntegerField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # Why it cannot go on, in words.
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(ended_at=None),
                name="shadow_run_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=1), name="shadow_run_share_0_1"
            ),
            models.CheckConstraint(
                condition=~Q(version=models.F("champion")), name="shadow_run_of_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} beside {self.champion_id}"


class ShadowAnswer(models.Model):
    """What the shadow said of a product that the champion has routed. Moves nothing; append-only."""

    run = models.ForeignKey(ShadowRun, models.CASCADE, related_name="answers")
    route = models.ForeignKey(Route, models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    confidence = models.FloatField(null=True, blank=True)
    latency_ms = models.FloatField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "route"], name="shadow_answer_once"),
            models.CheckConstraint(
                condition=Q(confidence=None, category=None)
                | Q(confidence__gte=0, confidence__lte=1, category__isnull=False),
                name="shadow_answer_whole_or_none",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.category_id} {self.confidence}"
