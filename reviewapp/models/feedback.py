from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from reviewapp.choices import LabelSource, ReviewReason
from reviewapp.models.catalog import Category, Product
from reviewapp.models.imports import LabelImport
from reviewapp.models.predictions import ModelVersion
from reviewapp.models.review import Decision


class FeedbackLabel(models.Model):
    """The ground truth a decision leaves, or an import brings. A newer one supersedes it; nothing
    is edited.

    Live while `ended_at` is empty; at most one is live per product.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="labels")
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    # Empty for a label that came with a LabelImport.
    decision = models.OneToOneField(
        Decision, models.PROTECT, null=True, blank=True, related_name="label"
    )
    source = models.CharField(max_length=12, choices=LabelSource, default=LabelSource.MODERATOR)
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    label_import = models.ForeignKey(
        LabelImport, models.PROTECT, null=True, blank=True, related_name="labels"
    )
    # Of an imported label: its id in the file, and a pseudonym of who gave it there.
    annotation = models.CharField(max_length=80, blank=True)
    annotator = models.CharField(max_length=16, blank=True)
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reasons = ArrayField(
        models.CharField(max_length=20, choices=ReviewReason), default=list, blank=True
    )
    is_blind = models.BooleanField(default=False)
    inclusion_probability = models.FloatField()
    # The input the label was given for; a later edit of the product does not carry it along.
    input_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    # Superseded by a newer label, or withdrawn by an undo (then empty).
    superseded_by = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="supersedes"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(ended_at=None), name="label_one_live_per_product"
            ),
            models.CheckConstraint(
                condition=Q(superseded_by=None) | Q(ended_at__isnull=False),
                name="label_superseded_has_end",
            ),
            models.CheckConstraint(
                condition=Q(inclusion_probability__gt=0, inclusion_probability__lte=1),
                name="label_inclusion_probability_0_1",
            ),
            # An undo that puts an imported label back is its decision.
            models.CheckConstraint(
                condition=Q(source=LabelSource.IMPORTED, label_import__isnull=False)
                | (
                    ~Q(source=LabelSource.IMPORTED)
                    & Q(decision__isnull=False, moderator__isnull=False, label_import=None)
                ),
                name="label_has_provenance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} = {self.category_id}"
