from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from reviewapp.choices import (
    AbsenceChoice,
    AuditStratum,
    MemberChoice,
    ModelStage,
    ReviewReason,
    RouteOutcome,
)
from reviewapp.models.catalog import Category, Product


class ModelVersion(models.Model):
    """One artifact directory below MODELS_ROOT; `manifest_sha256` names its exact content."""

    name = models.CharField(max_length=80, unique=True)
    manifest_sha256 = models.CharField(max_length=64, unique=True)
    labels = models.JSONField(help_text="Category codes, in the order of the model's columns.")
    metrics = models.JSONField(default=dict, blank=True)
    stage = models.CharField(max_length=10, choices=ModelStage, default=ModelStage.CANDIDATE)
    created_at = models.DateTimeField()
    promoted_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stage"],
                condition=Q(stage=ModelStage.CHAMPION),
                name="model_version_one_champion",
            )
        ]

    def __str__(self) -> str:
        return self.name


class HeldOutAnswers(models.Model):
    """What FUSION of a version said of products kept out of its training, with their category.

    Columns of equal length, as `classifier.report.answer_columns` writes them.
    """

    model_version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="held_out")
    confidence = ArrayField(models.FloatField())
    predicted = ArrayField(models.IntegerField())
    true = ArrayField(models.IntegerField())
    missing = ArrayField(models.CharField(max_length=20, blank=True))
    # Near duplicates share a number; empty for models trained before it was kept.
    group = ArrayField(models.IntegerField(), default=list, blank=True)

    def __str__(self) -> str:
        return f"{self.model_version_id}"


class TrainingInputs(models.Model):
    """What the products that a version learned from looked like, as `classifier.inputs` tells it.

    Models trained before this was kept have none.
    """

    model_version = models.OneToOneField(ModelVersion, models.CASCADE, related_name="inputs")
    inputs = models.JSONField()

    class Meta:
        verbose_name_plural = "training inputs"

    def __str__(self) -> str:
        return f"{self.model_version_id}"


class Prediction(models.Model):
    """One member's raw answer for one product. Kept for good; routes are derived from it."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="predictions")
    model_version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="predictions")
    member = models.CharField(max_length=8, choices=MemberChoice)
    input_digest = models.CharField(max_length=64)
    # Up to five [code, probability] pairs, most probable first.
    top = models.JSONField(default=list, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    confidence = models.FloatField(null=True, blank=True)
    absence = models.CharField(max_length=20, choices=AbsenceChoice, blank=True)
    latency_ms = models.FloatField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "model_version", "member", "input_digest"],
                name="prediction_once",
            ),
            models.CheckConstraint(
                condition=Q(confidence=None) | Q(confidence__gte=0, confidence__lte=1),
                name="prediction_confidence_is_probability",
            ),
            # An answer has a category and a confidence; an absence has neither.
            models.CheckConstraint(
                condition=Q(absence="", category__isnull=False, confidence__isnull=False)
                | (~Q(absence="") & Q(category=None, confidence=None)),
                name="prediction_answer_or_absence",
            ),
        ]
        indexes = [
            # What a model has answered last, however many products there are.
            models.Index(
                "model_version",
                F("product").desc(),
                condition=Q(member=MemberChoice.FUSION, absence=""),
                name="prediction_fusion_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.category_id} {self.confidence}"


class RoutingPolicy(models.Model):
    """Versioned rules of routing. Append-only: the newest version is in force."""

    version = models.PositiveIntegerField(unique=True)
    accept_at = models.FloatField(default=0.80)
    audit_rate = models.FloatField(default=0.05)
    # By AuditStratum, where it differs from `audit_rate` in other ways than usual.
    audit_rates = models.JSONField(default=dict, blank=True)
    disagreement_at = models.FloatField(default=0.5)
    review_missing_text = models.BooleanField(default=True)
    # By category code, and by missing input ("image", "text"); JSON has text keys only.
    thresholds = models.JSONField(default=dict, blank=True)
    missing_thresholds = models.JSONField(default=dict, blank=True)
    # As in `reviewapp.domain.costs.Costs`; missing keys stand for its defaults.
    costs = models.JSONField(default=dict, blank=True)
    # Share of automatic listings that may be wrong.
    target_error = models.FloatField(default=0.02)
    # How many times the overall error and waiting the worst-off group may have.
    fairness_bound = models.FloatField(default=2.0)
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        get_latest_by = "version"
        verbose_name_plural = "routing policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(accept_at__gte=0, accept_at__lte=1), name="policy_accept_at_0_1"
            ),
            models.CheckConstraint(
                condition=Q(audit_rate__gte=0, audit_rate__lte=1), name="policy_audit_rate_0_1"
            ),
            models.CheckConstraint(
                condition=Q(disagreement_at__gte=0, disagreement_at__lte=1),
                name="policy_disagreement_at_0_1",
            ),
            models.CheckConstraint(
                condition=Q(target_error__gt=0, target_error__lt=1), name="policy_target_error_0_1"
            ),
            models.CheckConstraint(
                condition=Q(fairness_bound__gte=1), name="policy_fairness_bound_from_1"
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}: {self.accept_at:.2f}"


class Route(models.Model):
    """Where a product was sent, by which policy, and why. Append-only."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="routes")
    prediction = models.ForeignKey(
        Prediction, models.SET_NULL, null=True, blank=True, related_name="routes"
    )
    policy = models.ForeignKey(RoutingPolicy, models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=RouteOutcome)
    reasons = ArrayField(
        models.CharField(max_length=20, choices=ReviewReason), default=list, blank=True
    )
    # Numbers behind the reasons, for the sentence a person reads.
    details = models.JSONField(default=dict, blank=True)
    # Probability that a product with these answers is reviewed under this policy.
    inclusion_probability = models.FloatField()
    # How far above its threshold it was; REVIEW when nothing was listed because of the models, and
    # empty on routes from before audits had strata.
    stratum = models.CharField(max_length=6, choices=AuditStratum, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("product", F("created_at").desc(), name="route_of_product")]
        constraints = [
            models.CheckConstraint(
                condition=Q(inclusion_probability__gte=0, inclusion_probability__lte=1),
                name="route_inclusion_probability_0_1",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id} -> {self.outcome}"

    @property
    def threshold(self) -> float:
        """The confidence that listing this product took: its category's, or stricter."""
        return float(self.details.get("accept_at", self.policy.accept_at))


class WorkerHeartbeat(models.Model):
    """A worker process that lives and listens; how the pages know that nobody does."""

    name = models.CharField(max_length=120, unique=True)
    queue = models.CharField(max_length=20)
    model_version = models.ForeignKey(
        ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True, help_text="Why it cannot work, in words.")
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("queue", F("seen_at").desc(), name="heartbeat_of_queue")]

    def __str__(self) -> str:
        return f"{self.queue}: {self.name}"
