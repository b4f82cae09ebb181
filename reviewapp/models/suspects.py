from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import JobStatus, SuspectSignal
from reviewapp.models.catalog import Category, Product
from reviewapp.models.feedback import FeedbackLabel
from reviewapp.models.jobs import LeasedJob
from reviewapp.models.predictions import ModelVersion
from reviewapp.models.review import ReviewItem


class SuspectSearch(LeasedJob):
    """One look at all labels and catalogue codes for those that seem wrong."""

    seed = models.PositiveIntegerField(default=0)
    # Whose vectors it used beside the words; empty where too few products had any.
    model_version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Rows whose code had products enough to be learned; the others were not judged.
    judged = models.PositiveIntegerField(null=True, blank=True)
    found = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=JobStatus.DONE)
                | Q(judged__isnull=False, found__isnull=False, rows_total__isnull=False),
                name="suspect_search_done_has_counts",
            ),
            models.UniqueConstraint(
                fields=["seed"],
                condition=Q(status__in=[JobStatus.WAITING, JobStatus.RUNNING]),
                name="suspect_search_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"


class SuspectLabel(models.Model):
    """A label, or a code that a product came with, that a SuspectSearch holds for wrong.

    Nothing follows from it but that a person may be asked: `item` is that question. The
    probabilities are of a model that has learned neither the product nor its near duplicates;
    votes: of these near duplicates.
    """

    search = models.ForeignKey(SuspectSearch, models.CASCADE, related_name="suspects")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    # Empty: the code that the product came with.
    label = models.ForeignKey(
        FeedbackLabel, models.PROTECT, null=True, blank=True, related_name="+"
    )
    input_digest = models.CharField(max_length=64)
    place = models.PositiveIntegerField()
    signals = ArrayField(models.CharField(max_length=20, choices=SuspectSignal))
    given = models.ForeignKey(Category, models.PROTECT, related_name="+")
    suggested = models.ForeignKey(Category, models.PROTECT, related_name="+")
    p_given = models.FloatField()
    p_suggested = models.FloatField()
    duplicates = models.PositiveIntegerField(default=0)
    given_votes = models.PositiveIntegerField(default=0)
    suggested_votes = models.PositiveIntegerField(default=0)
    doubt = models.FloatField()
    item = models.OneToOneField(
        ReviewItem, models.PROTECT, null=True, blank=True, related_name="suspect_label"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "place"], name="suspect_one_per_place"),
            models.UniqueConstraint(fields=["search", "product"], name="suspect_product_once"),
            models.CheckConstraint(condition=~Q(signals=[]), name="suspect_has_signal"),
            models.CheckConstraint(
                condition=~Q(given=F("suggested")), name="suspect_suggests_another"
            ),
            models.CheckConstraint(
                condition=Q(doubt__range=(0, 1), p_given__range=(0, 1), p_suggested__range=(0, 1)),
                name="suspect_probabilities_0_1",
            ),
            models.CheckConstraint(
                condition=Q(duplicates__gte=F("given_votes") + F("suggested_votes")),
                name="suspect_votes_of_duplicates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.product_id}"
