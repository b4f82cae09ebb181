from django.db import models
from django.db.models import F, Q

from reviewapp.models.catalog import Category, Product
from reviewapp.models.reports import ReportCase, ReportPolicy
from reviewapp.models.review import ReviewItem


class TakeDown(models.Model):
    """Buyers' reports took a listed product out of the shop until a moderator has decided.

    Written once with what it rests on; only the end that came without a moderator is added.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="take_downs")
    case = models.ForeignKey(ReportCase, models.CASCADE, related_name="take_downs")
    # What the moderator decides about; one take-down each.
    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="take_downs")
    policy = models.ForeignKey(ReportPolicy, models.PROTECT, related_name="+")
    # Where buyers found it, and the input that was listed there.
    category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    input_digest = models.CharField(max_length=64)
    report_count = models.PositiveIntegerField()
    taken_down_at = models.DateTimeField()
    # The reports were set aside, and the product is back where it was.
    restored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(restored_at=None),
                name="take_down_one_standing_per_item",
            ),
            models.CheckConstraint(
                condition=Q(restored_at=None) | Q(restored_at__gte=F("taken_down_at")),
                name="take_down_ends_after_it_began",
            ),
        ]
        indexes = [models.Index("product", F("taken_down_at").desc(), name="take_down_of_product")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.taken_down_at}"
