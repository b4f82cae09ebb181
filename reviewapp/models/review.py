from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Random

from reviewapp.choices import ReviewReason, ReviewStatus, ServedBy, SkipReason, Verdict
from reviewapp.domain.priority import HIGH_VALUE
from reviewapp.domain.review import NOT_IN_BULK
from reviewapp.models.catalog import Category, CategoryFamily, Product
from reviewapp.models.predictions import ModelVersion, Route

# Waiting twenty days weighs as much as the whole scale of doubts (`domain.priority`).
AGEING_PER_DAY = 0.1
_IS_OPEN = ~Q(status=ReviewStatus.RESOLVED)
# What is with a lead is on top of every order: claims of everybody else must not walk over it.
_IN_QUEUE = _IS_OPEN & Q(escalated_at=None)
# The same as `domain.review.may_bulk`, for the index.
IN_BULK = (
    _IS_OPEN
    & Q(is_blind=False, escalated_at=None, not_for=None)
    & Q(group_key__isnull=False, suggested__isnull=False)
    & ~Q(reasons__overlap=list(NOT_IN_BULK))
)


class Epoch(Func):
    """Seconds since 1970 of a timestamp; by way of UTC, so that the database may store it."""

    template = "extract(epoch FROM %(expressions)s AT TIME ZONE 'UTC')::double precision"
    output_field = models.FloatField()


class ReviewItem(models.Model):
    """The one open case of a product: waiting for a moderator, or with one."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="review_items")
    route = models.ForeignKey(Route, models.SET_NULL, null=True, blank=True, related_name="+")
    reasons = ArrayField(models.CharField(max_length=20, choices=ReviewReason))
    status = models.CharField(max_length=10, choices=ReviewStatus, default=ReviewStatus.PENDING)
    # Blind: the moderator answers before seeing what the models said.
    is_blind = models.BooleanField(default=False)
    priority = models.FloatField(default=0.0)
    # What the priority was made of; NULL where it was given (`domain.priority.ExpectedCost`).
    expected_cost = models.JSONField(null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    claim_expires_at = models.DateTimeField(null=True, blank=True)
    # The browser page that shows it, by the page's own token; NULL: none has said so yet. Means
    # nothing once the claim is over, and every claim writes it anew.
    claim_page = models.UUIDField(null=True, blank=True, editable=False)
    first_seen_at = models.DateTimeField(null=True, blank=True)
    # Of FUSION's answer when the item was opened; a queue of its own.
    family = models.ForeignKey(
        CategoryFamily, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # FUSION's answer when the item was opened, and the product's near-duplicate group.
    suggested = models.ForeignKey(
        Category, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    group_key = models.BigIntegerField(null=True, blank=True)
    # A lead's word: until then only this person is handed the item, and before all others.
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned_until = models.DateTimeField(null=True, blank=True)
    # The order of the queue: linear in time, so that it can stand in an index.
    rank = models.GeneratedField(
        expression=F("priority") - Epoch("opened_at") * Value(AGEING_PER_DAY / 86_400),
        output_field=models.FloatField(),
        db_persist=True,
    )
    # Uniform in [0, 1): a random item is the next one above a random number.
    draw = models.FloatField(db_default=Random(), editable=False)
    served_by = models.CharField(max_length=6, choices=ServedBy, blank=True)
    serving_probability = models.FloatField(null=True, blank=True)
    skipped_by = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    # Whose answer this item checks: never handed to the same person.
    not_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # What a second opinion checks, and the recheck it belongs to when a lead asked for many.
    checks = models.ForeignKey(
        "Decision", models.PROTECT, null=True, blank=True, related_name="second_opinions"
    )
    recheck = models.ForeignKey(
        "Recheck", models.PROTECT, null=True, blank=True, related_name="items"
    )
    # Measures `only_for`, and changes neither label nor listing.
    known_answer = models.ForeignKey(
        "KnownAnswer", models.PROTECT, null=True, blank=True, related_name="items"
    )
    only_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Set when a moderator asks a lead; from then on only leads are handed the item.
    escalated_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("lead_review", "Can answer what moderators escalate")]
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=~Q(status=ReviewStatus.RESOLVED),
                name="review_item_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=ReviewStatus.CLAIMED,
                    claimed_by__isnull=False,
                    claim_expires_at__isnull=False,
                )
                | (~Q(status=ReviewStatus.CLAIMED) & Q(claim_expires_at=None)),
                name="review_item_claim_has_holder",
            ),
            models.CheckConstraint(
                condition=Q(status=ReviewStatus.RESOLVED) ^ Q(resolved_at=None),
                name="review_item_resolved_has_time",
            ),
            models.CheckConstraint(condition=~Q(reasons=[]), name="review_item_has_reason"),
            models.CheckConstraint(
                condition=Q(assigned_to=None) | Q(assigned_until__isnull=False),
                name="review_item_assignment_lapses",
            ),
            models.CheckConstraint(
                condition=Q(checks=None) | Q(reasons__contains=[ReviewReason.SECOND_OPINION]),
                name="review_item_check_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(known_answer=None) | Q(reasons=[ReviewReason.GOLD], checks=None),
                name="review_item_known_answer_alone",
            ),
        ]
        indexes = [
            # Claiming reads only open items, most urgent first.
            models.Index(F("rank").desc(), "id", condition=_IN_QUEUE, name="review_item_queue"),
            models.Index("draw", condition=_IN_QUEUE, name="review_item_draw"),
            models.Index(
                "family", F("rank").desc(), "id", condition=_IN_QUEUE, name="review_item_family"
            ),
            models.Index(
                F("rank").desc(),
                "id",
                condition=_IN_QUEUE & Q(is_blind=True),
                name="review_item_blind",
            ),
            # One for each reason: rare ones would be far apart in the common order.
            *[
                models.Index(
                    F("rank").desc(),
                    "id",
                    condition=_IN_QUEUE & Q(reasons__contains=[reason]),
                    name=f"review_item_{reason.value}"[:30],
                )
                for reason in ReviewReason
            ],
            models.Index(
                F("rank").desc(),
                "id",
                condition=_IN_QUEUE & Q(priority__gte=HIGH_VALUE),
                name="review_item_value",
            ),
            models.Index("opened_at", "id", condition=_IN_QUEUE, name="review_item_age"),
            models.Index(
                F("rank").desc(),
                "id",
                condition=_IS_OPEN & Q(escalated_at__isnull=False),
                name="review_item_escalated",
            ),
            models.Index(
                "assigned_to",
                F("rank").desc(),
                "id",
                condition=_IS_OPEN & Q(assigned_to__isnull=False),
                name="review_item_assigned",
            ),
            models.Index(
                "group_key", "suggested", "id", condition=IN_BULK, name="review_item_bulk"
            ),
            models.Index(
                "claimed_by",
                condition=Q(status=ReviewStatus.CLAIMED),
                name="review_item_held",
            ),
            models.Index(
                "only_for",
                condition=_IS_OPEN & Q(only_for__isnull=False),
                name="review_item_only_for",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"


class Decision(models.Model):
    """A moderator's answer. Append-only: an undo is a new row that points at the old one."""

    item = models.ForeignKey(ReviewItem, models.PROTECT, related_name="decisions")
    product = models.ForeignKey(Product, models.PROTECT, related_name="decisions")
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions"
    )
    # Made by the browser, so that a repeated request is the same decision.
    client_key = models.UUIDField(unique=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    # What FUSION said when the moderator answered, shown or not.
    suggested_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    model_version = models.ForeignKey(
        ModelVersion, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reasons = ArrayField(
        models.CharField(max_length=20, choices=ReviewReason), default=list, blank=True
    )
    is_blind = models.BooleanField(default=False)
    # Given in a grid of near duplicates, with one look at all of them.
    is_bulk = models.BooleanField(default=False)
    skip_reason = models.CharField(max_length=20, choices=SkipReason, blank=True)
    comment = models.TextField(blank=True, max_length=2000)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by"
    )
    # Product and item as they were before, so that an undo can restore them exactly.
    before = models.JSONField(default=dict, blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="From card shown to answer.")
    # How the item came to be served, and how likely that was.
    served_by = models.CharField(max_length=6, choices=ServedBy, blank=True)
    serving_probability = models.FloatField(null=True, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=[Verdict.CONFIRMED, Verdict.CORRECTED]) ^ Q(category=None),
                name="decision_answer_has_category",
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.UNDONE) ^ Q(undoes=None),
                name="decision_undo_points_back",
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.SKIPPED) ^ Q(skip_reason=""),
                name="decision_skip_has_reason",
            ),
        ]
        indexes = [
            models.Index("moderator", F("decided_at").desc(), name="decision_of_moderator"),
            # The history is searched newest first, by any of these.
            models.Index(F("decided_at").desc(), F("id").desc(), name="decision_newest"),
            *[
                models.Index(
                    field, F("decided_at").desc(), F("id").desc(), name=f"decision_by_{field}"
                )
                for field in ("category", "verdict", "model_version")
            ],
            *[
                models.Index(
                    F("decided_at").desc(),
                    F("id").desc(),
                    condition=Q(reasons__contains=[reason]),
                    name=f"decision_{reason.value}"[:30],
                )
                for reason in ReviewReason
            ],
            models.Index(
                "moderator",
                F("decided_at").desc(),
                condition=Q(reasons__contains=[ReviewReason.GOLD]),
                name="decision_of_known_answers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.verdict}"
