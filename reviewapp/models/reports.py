from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value

from reviewapp.choices import CaseStatus, ProductStatus, ReportStatus
from reviewapp.domain.rings import RingRules
from reviewapp.domain.weight import Rules
from reviewapp.models.catalog import Category, Product
from reviewapp.models.review import Decision, ReviewItem
from reviewapp.models.rings import ReportRing

_WEIGHT, _RINGS = Rules(), RingRules()


class ReportPolicy(models.Model):
    """Versioned rules of weighing reports. Append-only: the newest version is in force.

    What the numbers mean stands in `domain.weight.Rules` and `domain.rings.RingRules`.
    """

    version = models.PositiveIntegerField(unique=True)
    half_life_days = models.FloatField(default=_WEIGHT.half_life_days)
    prior_upheld = models.FloatField(default=_WEIGHT.prior_upheld)
    prior_dismissed = models.FloatField(default=_WEIGHT.prior_dismissed)
    proven_at = models.FloatField(default=_WEIGHT.proven_at)
    unproven_cap = models.FloatField(default=_WEIGHT.unproven_cap)
    network_cap = models.FloatField(default=_WEIGHT.network_cap)
    agreement_bonus = models.FloatField(default=_WEIGHT.agreement_bonus)
    doubt_bonus = models.FloatField(default=_WEIGHT.doubt_bonus)
    alternative_bonus = models.FloatField(default=_WEIGHT.alternative_bonus)
    reopen_at = models.FloatField(default=_WEIGHT.reopen_at)
    overrule_at = models.FloatField(default=_WEIGHT.overrule_at)
    limit_dismissed = models.FloatField(default=_WEIGHT.limit_dismissed)
    limit_open = models.PositiveIntegerField(default=_WEIGHT.limit_open)
    # A case below the bar waits so long; then a share of them is looked at by lot.
    collect_days = models.FloatField(default=7.0)
    lot_share = models.FloatField(default=0.25)
    # Whether a reopened product leaves the shop until it is decided.
    hold_reopened = models.BooleanField(default=False)
    # Whether reports come in from people who have not signed in: from other shops' pages.
    allow_anonymous = models.BooleanField(default=False)
    burst_seconds = models.FloatField(default=_RINGS.burst_seconds)
    burst_accounts = models.PositiveIntegerField(default=_RINGS.burst_accounts)
    network_seconds = models.FloatField(default=_RINGS.network_seconds)
    network_accounts = models.PositiveIntegerField(default=_RINGS.network_accounts)
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        get_latest_by = "version"
        verbose_name_plural = "report policies"
        constraints = [
            # Rules.is_safe: people without a record reach no bar, however many they are.
            models.CheckConstraint(
                condition=Q(
                    reopen_at__gt=F("unproven_cap")
                    * (Value(1.0) + F("agreement_bonus"))
                    * (Value(1.0) + F("doubt_bonus") + F("alternative_bonus"))
                ),
                name="report_policy_unproven_below_bar",
            ),
            models.CheckConstraint(
                condition=Q(overrule_at__gte=F("reopen_at")), name="report_policy_bars_in_order"
            ),
            models.CheckConstraint(
                condition=Q(lot_share__gt=0, lot_share__lte=1), name="report_policy_lot_share_0_1"
            ),
            models.CheckConstraint(
                condition=Q(
                    half_life_days__gt=0,
                    prior_upheld__gt=0,
                    prior_dismissed__gt=0,
                    proven_at__gt=0,
                    unproven_cap__gt=0,
                    network_cap__gt=0,
                    agreement_bonus__gte=0,
                    doubt_bonus__gte=0,
                    alternative_bonus__gte=0,
                    collect_days__gt=0,
                    burst_accounts__gte=2,
                    network_accounts__gte=2,
                ),
                name="report_policy_numbers_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}: {self.reopen_at:.2f}"


class ReportCase(models.Model):
    """A product's open reports together, and what they weigh; at most one is open per product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="report_cases")
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.COLLECTING)
    policy = models.ForeignKey(ReportPolicy, models.PROTECT, related_name="+")
    score = models.FloatField(default=0.0)
    # `domain.weight.CaseScore` and the bar it was held against. For moderators, never reporters.
    arithmetic = models.JSONField(default=dict, blank=True)
    # The review item that the case opened or joined; `before` says when a voided ring's part in it
    # is to be withdrawn as soon as nobody has it in hand.
    item = models.ForeignKey(
        ReviewItem, models.PROTECT, null=True, blank=True, related_name="report_cases"
    )
    before = models.JSONField(default=dict, blank=True)
    is_by_lot = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    # Until then it may collect; then it is looked at by lot, or closed with that as the reason.
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=~Q(status=CaseStatus.CLOSED),
                name="report_case_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.CLOSED) ^ Q(closed_at=None),
                name="report_case_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=CaseStatus.IN_REVIEW) | Q(item__isnull=False),
                name="report_case_in_review_has_item",
            ),
        ]
        indexes = [
            models.Index(
                "due_at", condition=Q(status=CaseStatus.COLLECTING), name="report_case_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"


class MisclassificationReport(models.Model):
    """A buyer's "wrong category"; without a reporter when it came in anonymously."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="reports"
    )
    case = models.ForeignKey(
        ReportCase, models.CASCADE, null=True, blank=True, related_name="reports"
    )
    # Held reports are not counted until an admin has looked at their ring.
    ring = models.ForeignKey(
        ReportRing, models.PROTECT, null=True, blank=True, related_name="reports"
    )
    # What the buyer saw; the product may have moved, changed or left the shop since. Title and input
    # are empty where that was not noted.
    reported_category = models.ForeignKey(Category, models.PROTECT, related_name="+")
    reported_title = models.CharField(max_length=1000, blank=True)
    reported_digest = models.CharField(max_length=64, blank=True)
    suggested_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+"
    )
    comment = models.CharField(max_length=500, blank=True)
    # Salted hash of the reporter's network, for as long as it serves: see `NetworkSalt`.
    network = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=10, choices=ReportStatus, default=ReportStatus.OPEN)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="reports"
    )
    # Answers that later decisions have overturned, oldest first; an undo brings the last one back.
    earlier = models.JSONField(default=list, blank=True)
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
            models.UniqueConstraint(
                fields=["product", "network"],
                condition=Q(status=ReportStatus.OPEN, reporter=None) & ~Q(network=""),
                name="report_one_open_per_network",
            ),
            models.CheckConstraint(
                condition=Q(status=ReportStatus.OPEN, decision=None, resolved_at=None)
                | Q(
                    status__in=[ReportStatus.UPHELD, ReportStatus.DISMISSED],
                    decision__isnull=False,
                    resolved_at__isnull=False,
                )
                | Q(
                    status__in=[ReportStatus.EXPIRED, ReportStatus.VOIDED],
                    decision=None,
                    resolved_at__isnull=False,
                ),
                name="report_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status=ReportStatus.OPEN) | Q(case__isnull=False),
                name="report_open_has_case",
            ),
        ]
        indexes = [
            models.Index("reporter", F("created_at").desc(), name="report_of_reporter"),
            models.Index("created_at", name="report_recent"),
            models.Index("created_at", condition=~Q(network=""), name="report_with_network"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"

    @property
    def title(self) -> str:
        """What the product is called to its reporter: as the shop shows it, else as it was reported."""
        is_listed = self.product.status == ProductStatus.LISTED
        return self.product.designation if is_listed else self.reported_title
