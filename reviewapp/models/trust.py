"""Live accuracy: roll-ups of routes and their audits, and the watch over what is promised of them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import AuditStratum, GroupKind
from reviewapp.models.predictions import ModelVersion, RoutingPolicy


class RollUpCursor(models.Model):
    """How far an append-only table has been rolled up; locked while rolling up."""

    name = models.CharField(max_length=20, primary_key=True)
    last_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.last_id}"


class RouteTally(models.Model):
    """Routes of one day counted by model, policy, stratum and group, with their answers.

    Each route counts once under every GroupKind. Adding up days, models, policies or strata gives
    the counts of more of them.
    """

    day = models.DateField()
    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    policy = models.ForeignKey(RoutingPolicy, models.CASCADE, related_name="+")
    stratum = models.CharField(max_length=6, choices=AuditStratum)
    kind = models.CharField(max_length=12, choices=GroupKind)
    group = models.CharField(max_length=60)
    inclusion_probability = models.FloatField()
    routed = models.PositiveIntegerField(default=0)
    # Of these: drawn for a person, answered, with another category than FUSION's.
    drawn = models.PositiveIntegerField(default=0)
    answered = models.PositiveIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    # Of these the first of a product; and of those in the shop within a day of the product's arrival.
    products = models.PositiveIntegerField(default=0, db_default=0)
    listed_in_a_day = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "route tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "day", "model_version", "policy", "stratum", "group"],
                name="route_tally_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    drawn__lte=F("routed"), answered__lte=F("drawn"), wrong__lte=F("answered")
                ),
                name="route_tally_counts_nest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.kind} {self.group} {self.stratum}: {self.routed}"


class CertificateWatch(models.Model):
    """The running test of one policy's listings by one model (`domain.certificate_watch`)."""

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    policy = models.ForeignKey(RoutingPolicy, models.CASCADE, related_name="+")
    bets = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "certificate watches"
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "policy"], name="certificate_watch_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_version_id} under {self.policy_id}"


class CertificateAlarm(models.Model):
    """The certificate of a policy is void: surely more is wrong than its target. An admin closes it.

    policy_after: what was put into force by itself; empty when a stricter policy was in force already
    """

    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    policy = models.ForeignKey(RoutingPolicy, models.PROTECT, related_name="+")
    policy_after = models.ForeignKey(
        RoutingPolicy, models.PROTECT, null=True, blank=True, related_name="+"
    )
    target = models.FloatField()
    evidence = models.FloatField()
    audits = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_version", "policy"], name="certificate_alarm_once"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="certificate_alarm_closed_by_somebody",
            ),
        ]
        indexes = [
            models.Index("raised_at", condition=Q(closed_at=None), name="certificate_alarm_open")
        ]

    def __str__(self) -> str:
        return f"policy {self.policy_id} at {self.raised_at:%Y-%m-%d}"
