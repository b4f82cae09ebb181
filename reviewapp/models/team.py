from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import ComparisonKind, MeasureKind
from reviewapp.models.catalog import Category
from reviewapp.models.review import Decision


class ComparisonCursor(models.Model):
    """How far decisions have been compared; one row, locked while booking."""

    last_decision = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="comparison_cursor_one_row")]

    def __str__(self) -> str:
        return str(self.last_decision)


class ComparisonTally(models.Model):
    """How often a moderator's answers were off, of how many, by what they are held against, category
    and, where that is FUSION's answer, band of its confidence (`domain.comparisons.band_of`)."""

    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=ComparisonKind)
    category = models.ForeignKey(Category, models.CASCADE, related_name="+")
    band = models.PositiveSmallIntegerField(default=0)
    seen = models.PositiveIntegerField()
    off = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["moderator", "kind", "category", "band"], name="comparison_tally_once"
            ),
            models.CheckConstraint(condition=Q(off__lte=F("seen")), name="comparison_off_of_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.moderator_id} {self.kind}: {self.off} of {self.seen}"


class GoldComparison(models.Model):
    """A known answer's comparison as it was booked, so that it can be taken out again."""

    decision = models.OneToOneField(Decision, models.PROTECT, related_name="gold_comparison")
    # Of the known answer.
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    is_off = models.BooleanField()
    # What it did to the watch: the capital's factor, and how often it might have been off.
    factor = models.FloatField()
    tolerated = models.FloatField()
    booked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(factor__gt=0, tolerated__gte=0), name="gold_comparison_factor_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_id} {'off' if self.is_off else 'right'}"


class ModeratorWatch(models.Model):
    """The running test of one moderator's care, see `domain.carelessness`."""

    moderator = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watch")
    # By stream: answers seen, capital staked and kept.
    streams = models.JSONField(default=dict)
    # By ComparisonKind: answers seen, how many were off, how many would have been tolerated.
    record = models.JSONField(default=dict)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"watch over {self.moderator_id}"


class ModeratorAlarm(models.Model):
    """The test says that a moderator is off more often than careful peers; a lead closes it."""

    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="alarms")
    evidence = models.FloatField()
    record = models.JSONField()
    watched_since = models.DateTimeField()
    raised_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["moderator"],
                condition=Q(closed_at=None),
                name="moderator_alarm_one_open",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="moderator_alarm_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.moderator_id} at {self.raised_at:%Y-%m-%d}"


class TeamMeasure(models.Model):
    """A measured number about the team or one moderator, overall or in one category.

    `value` stays empty while the sample is smaller than `needed`, and where it is undefined.
    """

    kind = models.CharField(max_length=10, choices=MeasureKind)
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    category = models.ForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="+")
    value = models.FloatField(null=True, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    sample = models.PositiveIntegerField()
    needed = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "moderator", "category"],
                nulls_distinct=False,
                name="team_measure_once",
            ),
            models.CheckConstraint(
                condition=Q(value=None, low=None, high=None)
                | Q(low__lte=F("value"), high__gte=F("value"), sample__gte=F("needed")),
                name="team_measure_has_interval_and_sample",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.moderator_id} in {self.category_id}"

    @property
    def missing(self) -> int:
        """Observations that are missing before the number may be shown."""
        return max(0, self.needed - self.sample)
