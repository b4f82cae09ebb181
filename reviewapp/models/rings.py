from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import RingSign, RingStatus


class ReportRing(models.Model):
    """Reports that look agreed upon: held until an admin voids or releases them."""

    status = models.CharField(max_length=8, choices=RingStatus, default=RingStatus.HELD)
    signs = ArrayField(models.CharField(max_length=12, choices=RingSign))
    found_at = models.DateTimeField()
    # Its newest report; a ring that goes on grows instead of being found again.
    last_report_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(signs=[]), name="report_ring_has_sign")]
        indexes = [models.Index(F("found_at").desc(), name="report_ring_newest")]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"


class RingEvent(models.Model):
    """What happened to a ring, by whom, and what it changed. Append-only."""

    ring = models.ForeignKey(ReportRing, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=8, choices=RingStatus)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Numbers: reports, people, products, networks; what was closed or put back.
    details = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("ring", "at", name="ring_event_of_ring")]

    def __str__(self) -> str:
        return f"{self.ring_id} {self.kind}"


class NetworkSalt(models.Model):
    """The secret of one week's network hashes. Deleted with it goes the way back to an address."""

    week = models.DateField(unique=True, help_text="Its Monday.")
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.week}"
