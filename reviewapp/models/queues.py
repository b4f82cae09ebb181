"""What the queues of the review desk rest on: measures, skills and saved filters."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviewapp.choices import Measured, ReviewReason, SkillKind
from reviewapp.models.catalog import CategoryFamily


class FamilyViews(models.Model):
    """How often product pages of a family were opened on a day. Nobody's visit, only the sum."""

    family = models.ForeignKey(CategoryFamily, models.CASCADE, related_name="+")
    day = models.DateField()
    views = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "family views"
        constraints = [models.UniqueConstraint(fields=["family", "day"], name="family_views_once")]

    def __str__(self) -> str:
        return f"{self.family_id} {self.day}: {self.views}"


class QueueMeasure(models.Model):
    """A number that priorities are made of, measured now and then. count: of observations."""

    kind = models.CharField(max_length=10, choices=Measured)
    family = models.ForeignKey(
        CategoryFamily, models.CASCADE, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=20, choices=ReviewReason, blank=True)
    value = models.FloatField()
    count = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "family", "reason"],
                nulls_distinct=False,
                name="queue_measure_once",
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="queue_measure_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.family_id} {self.reason}: {self.value}"


class ModeratorSkill(models.Model):
    """A family that a moderator is strong in, or is limited to."""

    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="review_skills"
    )
    family = models.ForeignKey(CategoryFamily, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=6, choices=SkillKind)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["moderator", "family"], name="skill_once_per_family")
        ]

    def __str__(self) -> str:
        return f"{self.moderator_id} {self.kind} {self.family_id}"


class SavedFilter(models.Model):
    """A queue that a person has given a name; the default one opens with the desk."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters"
    )
    name = models.CharField(max_length=60)
    queue = models.CharField(max_length=200, blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="saved_filter_one_default"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="saved_filter_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
