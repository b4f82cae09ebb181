from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import AppealStatus
from reviewapp.models.catalog import Category, Product
from reviewapp.models.predictions import Route
from reviewapp.models.review import Decision
from reviewapp.models.takedowns import TakeDown


class Appeal(models.Model):
    """A seller's "this is wrong", against one decision, automatic listing or take-down.

    Each of these can be appealed once; somebody else than its author answers.
    """

    product = models.ForeignKey(Product, models.CASCADE, related_name="appeals")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appeals")
    # What put the product where it was: a moderator's decision, an automatic route, or reports that
    # took it out of the shop.
    decision = models.OneToOneField(
        Decision, models.PROTECT, null=True, blank=True, related_name="appeal"
    )
    route = models.OneToOneField(
        Route, models.CASCADE, null=True, blank=True, related_name="appeal"
    )
    take_down = models.OneToOneField(
        TakeDown, models.CASCADE, null=True, blank=True, related_name="appeal"
    )
    # Of a take-down: where the product was taken from.
    contested_category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    wished_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.CharField(max_length=2000)
    status = models.CharField(max_length=10, choices=AppealStatus, default=AppealStatus.OPEN)
    answer = models.OneToOneField(
        Decision, models.PROTECT, null=True, blank=True, related_name="answered_appeal"
    )
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(status=AppealStatus.OPEN),
                name="appeal_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(decision__isnull=False, route=None, take_down=None)
                | Q(decision=None, route__isnull=False, take_down=None)
                | Q(decision=None, route=None, take_down__isnull=False),
                name="appeal_against_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(status=AppealStatus.OPEN, answer=None, resolved_at=None)
                | (
                    ~Q(status=AppealStatus.OPEN)
                    & Q(answer__isnull=False, resolved_at__isnull=False)
                ),
                name="appeal_closed_by_decision",
            ),
            models.CheckConstraint(
                condition=Q(wished_category=None) | ~Q(wished_category=F("contested_category")),
                name="appeal_wishes_a_change",
            ),
        ]
        indexes = [models.Index("product", F("created_at").desc(), name="appeal_of_product")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"
