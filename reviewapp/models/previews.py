"""What happens while a seller still writes a product: a look ahead, and the seller's own word."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import JobStatus, ReviewReason, RouteOutcome
from reviewapp.models.catalog import Category, Product
from reviewapp.models.predictions import ModelVersion, RoutingPolicy


class CategoryPreview(models.Model):
    """A draft that waits for the models' answer; deleted an hour later.

    A worker's message is only a wake-up: this row says what is to be done. The draft's picture is
    in the row and in no file, so that it is published nowhere. With the answer the draft goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="previews")
    designation = models.CharField(max_length=1000, blank=True)
    description = models.TextField(blank=True)
    # JPEG, encoded as a product's picture is.
    picture = models.BinaryField(default=b"", blank=True)
    # The digest that a product of this very draft has.
    input_digest = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # A worker that has died holds it no longer than this.
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # FUSION's first categories as [code, calibrated probability]; empty without an answer.
    top = models.JSONField(default=list, blank=True)
    # Where the policy would send a product with these answers.
    policy = models.ForeignKey(
        RoutingPolicy, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=8, choices=RouteOutcome, blank=True)
    reasons = ArrayField(
        models.CharField(max_length=20, choices=ReviewReason), default=list, blank=True
    )
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[JobStatus.DONE, JobStatus.FAILED]) ^ Q(finished_at=None),
                name="preview_end_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status=JobStatus.RUNNING) ^ Q(lease_expires_at=None),
                name="preview_claim_has_lease",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(designation="", description="", picture=b""),
                name="preview_end_holds_no_draft",
            ),
        ]
        indexes = [
            models.Index("asked_at", name="preview_age"),
            models.Index(
                "asked_at",
                condition=Q(status__in=[JobStatus.WAITING, JobStatus.RUNNING]),
                name="preview_open",
            ),
            models.Index("seller", F("asked_at").desc(), name="preview_of_seller"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.status}"


class SellerSuggestion(models.Model):
    """The category that a seller names while adding a product. A word, not ground truth:
    no FeedbackLabel comes of it, and no export holds it. Append-only; the newest counts,
    and only for the input it was given for.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="suggestions")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    # What FUSION had said to the draft, when it was asked.
    previewed_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    previewed_confidence = models.FloatField(null=True, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    input_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(previewed_category=None, previewed_confidence=None, model_version=None)
                | Q(
                    previewed_category__isnull=False,
                    previewed_confidence__isnull=False,
                    model_version__isnull=False,
                ),
                name="suggestion_preview_is_whole",
            ),
        ]
        indexes = [
            models.Index("product", F("created_at").desc(), name="suggestion_of_product"),
            models.Index("seller", F("created_at").desc(), name="suggestion_of_seller"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.category_id}"
