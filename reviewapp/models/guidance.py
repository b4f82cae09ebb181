"""What helps a moderator decide: where products lie among others, and what moved the models."""

from typing import Final

from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

from reviewapp.choices import JobStatus
from reviewapp.models.catalog import Category, Product
from reviewapp.models.predictions import ModelVersion

# `classifier.embedding.DIMENSIONS`; a test holds them together.
DIMENSIONS: Final = 256


class ProductEmbedding(models.Model):
    """A product's text and picture as one unit vector of one model version.

    The vectors of two versions have nothing to do with each other. Replaced when a new version
    or a new input is classified; it counts for the input of `input_digest` only.
    """

    product = models.OneToOneField(Product, models.CASCADE, related_name="embedding")
    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    input_digest = models.CharField(max_length=64)
    vector = HalfVectorField(dimensions=DIMENSIONS)
    # The product's live label, repeated here: looking through one category's vectors by way of
    # the labels takes five times as long. Who reads it still asks the label.
    confirmed_category = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(
                "confirmed_category",
                "model_version",
                condition=Q(confirmed_category__isnull=False),
                name="embedding_confirmed",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} by {self.model_version_id}"


class Explanation(models.Model):
    """What moved FUSION towards its first category for one input; made on request, then kept a
    while. A worker's message is only a wake-up: this row says what is to be done."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="explanations")
    model_version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="+")
    input_digest = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.WAITING)
    # As `reviewapp.services.explanations.finish` writes it; empty until done.
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "model_version", "input_digest"], name="explanation_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[JobStatus.DONE, JobStatus.FAILED]) ^ Q(finished_at=None),
                name="explanation_end_has_time",
            ),
        ]
        indexes = [models.Index("asked_at", name="explanation_age")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"
