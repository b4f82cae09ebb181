from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import ReportStatus
from reviewapp.models.catalog import Category, Product
from reviewapp.models.review import Decision


class MisclassificationReport(models.Model):
    """A buyer's "wrong category"."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reports")
    # The category the buyer saw; the product may have moved since.
    reported_category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    suggested_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=ReportStatus, default=ReportStatus.OPEN)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="reports"
    )
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "reporter"],
                condition=Q(status=ReportStatus.OPEN),
                name="report_one_open_per_buyer",
            ),
            models.CheckConstraint(
                condition=Q(status=ReportStatus.OPEN, decision=None, resolved_at=None)
                | (
                    ~Q(status=ReportStatus.OPEN)
                    & Q(decision__isnull=False, resolved_at__isnull=False)
                ),
                name="report_closed_by_decision",
            ),
        ]
        indexes = [models.Index("reporter", F("created_at").desc(), name="report_of_reporter")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"
