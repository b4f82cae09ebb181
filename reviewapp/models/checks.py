"""Checks of people's answers: known answers, disagreements, what a lead made of them, rechecks.

The check itself is a ReviewItem: it points at the decision it checks, or at its known answer.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Random

from reviewapp.choices import (
    AdjudicationCause,
    DisagreementKind,
    KnownAnswerEnd,
    KnownAnswerSource,
)
from reviewapp.models.catalog import Category, Product
from reviewapp.models.review import Decision


class KnownAnswer(models.Model):
    """A product whose category is settled, for measuring moderators (a gold item).

    In use until `retired_at`; at most one is in use per product. Rows are retired, never edited;
    what a lead's word retired is in use again when that word is taken back.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="known_answers")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    # The answer holds for one text and picture only.
    input_digest = models.CharField(max_length=64)
    source = models.CharField(max_length=12, choices=KnownAnswerSource)
    # What settled it: the answer that made it unanimous, or the lead's.
    decision = models.ForeignKey(Decision, models.PROTECT, related_name="known_answers")
    # Uniform in [0, 1): a random one is the next above a random number.
    draw = models.FloatField(db_default=Random(), editable=False)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_because = models.CharField(max_length=16, choices=KnownAnswerEnd, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(retired_at=None),
                name="known_answer_one_per_product",
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None) ^ ~Q(retired_because=""),
                name="known_answer_end_has_cause",
            ),
        ]
        indexes = [
            models.Index("draw", condition=Q(retired_at=None), name="known_answer_draw"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} = {self.category_id}"


class KnownAnswerDraw(models.Model):
    """A decision that has drawn a known answer for its author; gone once a worker has seen to it."""

    decision = models.OneToOneField(Decision, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.decision_id)


class Disagreement(models.Model):
    """Two answers to one product that differ; open until a lead decides or it is withdrawn.

    Withdrawn (closed without an Adjudication) when one of the answers was taken back.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="disagreements")
    kind = models.CharField(max_length=16, choices=DisagreementKind)
    first = models.ForeignKey(Decision, models.PROTECT, related_name="+")
    second = models.OneToOneField(Decision, models.PROTECT, related_name="disagreement")
    # Disputed by the author of `second`.
    known_answer = models.ForeignKey(
        KnownAnswer, models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(closed_at=None),
                name="disagreement_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(kind=DisagreementKind.DISPUTE) ^ Q(known_answer=None),
                name="disagreement_dispute_has_answer",
            ),
            models.CheckConstraint(
                condition=~Q(first=F("second")), name="disagreement_between_two_answers"
            ),
        ]
        indexes = [
            models.Index("opened_at", "id", condition=Q(closed_at=None), name="disagreement_open"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.first_id} and {self.second_id}"


class Adjudication(models.Model):
    """A lead's word on one disagreement, and why it came about. Taken back, the row stays."""

    disagreement = models.ForeignKey(Disagreement, models.PROTECT, related_name="adjudications")
    # The lead's answer, with its label; its moderator is the lead.
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="adjudication")
    cause = models.CharField(max_length=16, choices=AdjudicationCause)
    comment = models.TextField(blank=True, max_length=2000)
    adjudicated_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["disagreement"],
                condition=Q(undone_at=None),
                name="adjudication_one_standing",
            )
        ]
        indexes = [
            models.Index(
                F("adjudicated_at").desc(),
                condition=Q(undone_at=None),
                name="adjudication_recent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.disagreement_id} {self.cause}"


class Recheck(models.Model):
    """A lead has a moderator's answers checked by colleagues, each blindly.

    Recent ones, all at once; or, as a demotion, every one from now on until it ends. Taken back or
    ended: checks that nobody has answered are withdrawn; the row stays.
    """

    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rechecks")
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Which answers: of the last days, the last so many, or all that are still to come.
    days = models.PositiveIntegerField(null=True, blank=True)
    last = models.PositiveIntegerField(null=True, blank=True)
    demotes = models.BooleanField(default=False)
    comment = models.TextField(max_length=2000)
    opened_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undo_comment = models.TextField(blank=True, max_length=2000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(demotes=True, days=None, last=None)
                | (Q(demotes=False) & (Q(days=None) ^ Q(last=None))),
                name="recheck_has_one_measure",
            ),
            models.CheckConstraint(condition=~Q(comment=""), name="recheck_has_cause"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undo_comment="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_comment="")),
                name="recheck_undo_has_author",
            ),
            models.CheckConstraint(
                condition=~Q(moderator=F("lead")), name="recheck_of_somebody_else"
            ),
            models.UniqueConstraint(
                fields=["moderator"],
                condition=Q(demotes=True, undone_at=None),
                name="recheck_one_demotion",
            ),
        ]
        indexes = [models.Index(F("opened_at").desc(), name="recheck_recent")]

    def __str__(self) -> str:
        return f"{self.moderator_id} by {self.lead_id}"
