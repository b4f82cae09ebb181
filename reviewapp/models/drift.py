"""Drift: what arriving products are held against, what came of it, and whom it was told."""

from typing import Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from reviewapp.choices import DriftTest
from reviewapp.domain.drift import HELD
from reviewapp.models.predictions import ModelVersion

_TEST_LENGTH: Final = 20


class DriftReference(models.Model):
    """What later arrivals are held against; one per ModelVersion is in force.

    The first is made by itself; an admin may take the newest arrivals instead, and go back.
    arrivals: `domain.drift.Reference` as JSON
    trained: the tests of which it is what the model was trained on, no arrivals
    normal: `domain.drift_estimates.Normal` as JSON; empty where nothing can be estimated
    priors: shares of the categories among the products kept out of training, by code; empty
        without such products
    sure_at: confidence above which lies the share of products that is right
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="drift_references")
    # No foreign key: a product that is gone is still where the next window begins.
    last_product = models.BigIntegerField()
    arrivals = models.JSONField()
    trained = ArrayField(
        models.CharField(max_length=_TEST_LENGTH, choices=DriftTest), default=list, blank=True
    )
    normal = models.JSONField(default=dict, blank=True)
    priors = models.JSONField(default=dict, blank=True)
    sure_at = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True)
    made_at = models.DateTimeField()
    # Of one that an admin has made: what was in force before, by whom, and why.
    before = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.TextField(blank=True, max_length=2000)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_version"],
                condition=Q(ended_at=None),
                name="drift_reference_one_in_force",
            ),
            models.CheckConstraint(
                condition=Q(before=None, made_by=None, reason="")
                | (Q(before__isnull=False, made_by__isnull=False) & ~Q(reason="")),
                name="drift_reference_taken_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"reference of {self.model_version_id}"

    @property
    def is_of_training(self) -> bool:
        """Whether no test is held against arrivals."""
        return set(self.trained) >= HELD


class DriftWindow(models.Model):
    """The last arrivals held against the reference. Append-only.

    findings: `domain.drift.Finding`s as JSON
    priors: estimated shares of the categories, by code; empty without priors of training
    prior_distance, by_chance: L1 distance to those of training, and what chance alone exceeds
        once in a hundred windows
    expected_right: estimated share of products whose category FUSION has right
    """

    reference = models.ForeignKey(DriftReference, models.CASCADE, related_name="windows")
    last_product = models.BigIntegerField()
    size = models.PositiveIntegerField()
    findings = models.JSONField()
    drifted = ArrayField(
        models.CharField(max_length=_TEST_LENGTH, choices=DriftTest), default=list, blank=True
    )
    priors = models.JSONField(default=dict, blank=True)
    prior_distance = models.FloatField(null=True, blank=True)
    by_chance = models.FloatField(null=True, blank=True)
    expected_right = models.FloatField(null=True, blank=True)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference", "last_product"], name="drift_window_once"),
            models.CheckConstraint(
                condition=Q(expected_right=None) | Q(expected_right__gte=0, expected_right__lte=1),
                name="drift_window_expected_right_0_1",
            ),
        ]

    def __str__(self) -> str:
        return f"up to product {self.last_product}: {', '.join(self.drifted) or 'stable'}"

    @property
    def labels(self) -> list[str]:
        """What has drifted, for people."""
        return [str(DriftTest(test).label) for test in self.drifted]


class DriftAlarm(models.Model):
    """Arrivals began to differ from the reference in `tests` with this window. An admin closes it."""

    window = models.OneToOneField(DriftWindow, models.CASCADE, related_name="alarm")
    tests = ArrayField(models.CharField(max_length=_TEST_LENGTH, choices=DriftTest))
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="drift_alarm_closed_by_somebody",
            ),
            models.CheckConstraint(condition=~Q(tests=[]), name="drift_alarm_names_a_test"),
        ]
        indexes = [models.Index("raised_at", condition=Q(closed_at=None), name="drift_alarm_open")]

    def __str__(self) -> str:
        return f"{', '.join(self.tests)} at {self.raised_at:%Y-%m-%d}"

    @property
    def labels(self) -> list[str]:
        """What began to drift, for people."""
        return [str(DriftTest(test).label) for test in self.tests]


class WebhookMessage(models.Model):
    """An alarm for another system, sent when `sent_at` says so. Without personal data."""

    # With the claims, which double, the last try comes a day after the first.
    MOST_ATTEMPTS: Final = 9

    # What it is about, so that the same news is never told twice.
    key = models.CharField(max_length=80, unique=True)
    body = models.JSONField()
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index("not_before", condition=Q(sent_at=None), name="webhook_waiting")]

    def __str__(self) -> str:
        return self.key
