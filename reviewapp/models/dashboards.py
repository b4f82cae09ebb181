"""Roll-ups that the dashboards read instead of events."""

from django.db import models
from django.db.models import Q

from reviewapp.choices import DelayStep, GroupKind, ReportStatus
from reviewapp.models.catalog import Category, Product
from reviewapp.models.predictions import ModelVersion


class DelayTally(models.Model):
    """Products of one arrival day by how long after arrival they took a step, in buckets.

    Each product counts once per step under everything, its predicted category, its seller's group, and
    these two together; buckets are those of `domain.delays` and add up over days, models and groups.
    """

    day = models.DateField()
    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=GroupKind)
    group = models.CharField(max_length=60)
    step = models.CharField(max_length=9, choices=DelayStep)
    bucket = models.SmallIntegerField()
    products = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "delay tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "group", "day", "model_version", "step", "bucket"],
                # A dashboard reads the index alone: rows of one group lie far apart in the table.
                include=["products"],
                name="delay_tally_once",
            ),
            models.CheckConstraint(condition=Q(products__gt=0), name="delay_tally_counts"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.step} {self.group} {self.bucket}: {self.products}"


class QueueState(models.Model):
    """The review queue at one moment, every ten minutes; append-only.

    open: waiting items, at most `selectors.workload.COUNT_UP_TO`
    answered, people: answers of the hour before, and how many moderators gave them
    """

    at = models.DateTimeField(unique=True)
    open = models.PositiveIntegerField()
    oldest_at = models.DateTimeField(null=True, blank=True)
    answered = models.PositiveIntegerField()
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open=0) ^ Q(oldest_at__isnull=False),
                name="queue_state_oldest_when_open",
            ),
            models.CheckConstraint(
                condition=Q(people__lte=models.F("answered")), name="queue_state_people_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.open}"


class AnswerTally(models.Model):
    """First answers of people to routes of one day, by what FUSION had said and what they said.

    is_listed: an audit of an automatic listing; else the product had gone to people
    is_above: FUSION's confidence reached `selectors.policies.FLAT`
    listings: how many automatic listings the audits stand for, by their inclusion probabilities
    example: the newest product among them
    """

    day = models.DateField()
    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=GroupKind)
    group = models.CharField(max_length=60)
    predicted = models.ForeignKey(Category, models.PROTECT, related_name="+")
    said = models.ForeignKey(Category, models.PROTECT, related_name="+")
    is_listed = models.BooleanField()
    is_above = models.BooleanField()
    answers = models.PositiveIntegerField()
    listings = models.FloatField()
    example = models.ForeignKey(Product, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "answer tallies"
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "kind", "group", "day", "model_version", "predicted", "said", "is_listed",
                    "is_above",
                ],
                include=["answers", "listings"],
                name="answer_tally_once",
            ),
            models.CheckConstraint(
                condition=Q(is_listed=False, listings=0)
                | Q(is_listed=True, listings__gte=models.F("answers") * 0.999),
                name="answer_tally_audits_stand_for_listings",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day} {self.predicted_id} -> {self.said_id}: {self.answers}"


class ReportTally(models.Model):
    """Buyers' reports filed on one day by how they were answered, and how soon, in buckets.

    A day is counted anew as a whole: an answer may come late, and change. Each report counts once
    under everything, the category that the buyer saw, the seller's group, these two together, and each
    other declared group.
    model_version: whose answer the product's newest route before the report rests on; may be none
    bucket: of `domain.delays`, from filing to answer; only with an answer
    """

    day = models.DateField()
    model_version = models.ForeignKey(
        ModelVersion, models.CASCADE, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=GroupKind)
    group = models.CharField(max_length=60)
    status = models.CharField(max_length=10, choices=ReportStatus)
    bucket = models.SmallIntegerField(null=True, blank=True)
    reports = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "report tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "group", "day", "model_version", "status", "bucket"],
                include=["reports"],
                name="report_tally_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(reports__gt=0), name="report_tally_counts"),
            models.CheckConstraint(
                condition=Q(status__in=[ReportStatus.UPHELD, ReportStatus.DISMISSED])
                ^ Q(bucket=None),
                name="report_tally_answered_has_bucket",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.status} {self.group}: {self.reports}"


class ReportChange(models.Model):
    """A day whose reports are to be counted anew; a trigger on MisclassificationReport writes it."""

    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.day}"
