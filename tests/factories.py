"""Rows for tests, each valid by itself."""

import uuid
from datetime import UTC, datetime, timedelta

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from reviewapp import models
from reviewapp.choices import (
    CaseStatus,
    DisagreementKind,
    JobStatus,
    KnownAnswerSource,
    MemberChoice,
    ModelStage,
    ProductStatus,
    ReportStatus,
    ReviewReason,
    ReviewStatus,
    Role,
    TrainingStatus,
    Verdict,
)
from reviewapp.services.accounts import ensure_roles

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class UserFactory(DjangoModelFactory[models.User]):
    class Meta:
        model = models.User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"person{n}")
    password = factory.django.Password("correct horse battery staple")


def _in_group(role):
    def join(user, create, extracted, **kwargs):
        # Every database has them since its migrations; thousands of tests need not look again.
        group = Group.objects.filter(name=role.value).first() or ensure_roles()[role]
        user.groups.add(group)

    return factory.PostGeneration(join)


class SellerFactory(UserFactory):
    role = _in_group(Role.SELLER)


class BuyerFactory(UserFactory):
    role = _in_group(Role.BUYER)


class ModeratorFactory(UserFactory):
    role = _in_group(Role.MODERATOR)


class AdminFactory(UserFactory):
    role = _in_group(Role.ADMIN)


class CategoryFamilyFactory(DjangoModelFactory[models.CategoryFamily]):
    class Meta:
        model = models.CategoryFamily
        django_get_or_create = ("slug",)

    slug = "books"
    name_fr = "Livres"
    name_en = "Books"


class CategoryFactory(DjangoModelFactory[models.Category]):
    class Meta:
        model = models.Category
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: 10 * (n + 1))
    family = factory.SubFactory(CategoryFamilyFactory)
    name_fr = factory.LazyAttribute(lambda o: f"Catégorie {o.code}")
    name_en = factory.LazyAttribute(lambda o: f"Category {o.code}")
    definition_fr = "Une définition."
    definition_en = "A definition."


class ProductImageFactory(DjangoModelFactory[models.ProductImage]):
    """A row only; no file lies behind it."""

    class Meta:
        model = models.ProductImage

    sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    source_sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    width = 320
    height = 240
    size_bytes = 10_000


class ProductFactory(DjangoModelFactory[models.Product]):
    class Meta:
        model = models.Product

    source = "shop"
    external_id = factory.Sequence(lambda n: f"p{n}")
    designation = factory.Sequence(lambda n: f"Roman policier {n}")
    raw_designation = factory.SelfAttribute("designation")
    input_digest = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    arrived_at = NOW


class ListedProductFactory(ProductFactory):
    status = ProductStatus.LISTED
    category = factory.SubFactory(CategoryFactory)
    listed_at = NOW


class RequestFactory(DjangoModelFactory[models.ClassificationRequest]):
    class Meta:
        model = models.ClassificationRequest

    product = factory.SubFactory(ProductFactory)
    input_digest = factory.SelfAttribute("product.input_digest")
    requested_at = NOW


class ModelVersionFactory(DjangoModelFactory[models.ModelVersion]):
    class Meta:
        model = models.ModelVersion

    name = factory.Sequence(lambda n: f"model-{n}")
    manifest_sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    labels = [10, 20]
    created_at = NOW


class TrainedRunFactory(DjangoModelFactory[models.TrainingRun]):
    """The finished run that has made `model_version`; no files lie behind it."""

    class Meta:
        model = models.TrainingRun

    config = factory.LazyFunction(lambda: {"seed": 0})
    model_version = factory.SubFactory(ModelVersionFactory)
    rows_sha256 = "f" * 64
    status = TrainingStatus.DONE
    created_at = NOW
    finished_at = NOW


class ChampionFactory(ModelVersionFactory):
    stage = ModelStage.CHAMPION
    promoted_at = NOW


class PredictionFactory(DjangoModelFactory[models.Prediction]):
    class Meta:
        model = models.Prediction

    product = factory.SubFactory(ProductFactory)
    model_version = factory.SubFactory(ModelVersionFactory)
    member = MemberChoice.FUSION
    input_digest = factory.SelfAttribute("product.input_digest")
    category = factory.SubFactory(CategoryFactory)
    confidence = 0.6
    top = factory.LazyAttribute(lambda o: [[o.category.code, o.confidence]])
    latency_ms = 12.0
    created_at = NOW


class RoutingPolicyFactory(DjangoModelFactory[models.RoutingPolicy]):
    class Meta:
        model = models.RoutingPolicy
        django_get_or_create = ("version",)

    version = 1
    created_at = NOW


class ReviewItemFactory(DjangoModelFactory[models.ReviewItem]):
    class Meta:
        model = models.ReviewItem

    product = factory.SubFactory(ProductFactory, status=ProductStatus.IN_REVIEW)
    reasons = [ReviewReason.LOW_CONFIDENCE]
    priority = 0.5
    opened_at = NOW


class DecisionFactory(DjangoModelFactory[models.Decision]):
    class Meta:
        model = models.Decision

    item = factory.SubFactory(ReviewItemFactory)
    product = factory.SelfAttribute("item.product")
    moderator = factory.SubFactory(ModeratorFactory)
    client_key = factory.LazyFunction(uuid.uuid4)
    verdict = Verdict.CONFIRMED
    category = factory.SubFactory(CategoryFactory)
    decided_at = NOW


class FeedbackLabelFactory(DjangoModelFactory[models.FeedbackLabel]):
    class Meta:
        model = models.FeedbackLabel

    decision = factory.SubFactory(DecisionFactory)
    product = factory.SelfAttribute("decision.product")
    category = factory.SelfAttribute("decision.category")
    moderator = factory.SelfAttribute("decision.moderator")
    inclusion_probability = 1.0
    input_digest = factory.SelfAttribute("product.input_digest")
    created_at = NOW


class ReportPolicyFactory(DjangoModelFactory[models.ReportPolicy]):
    class Meta:
        model = models.ReportPolicy
        django_get_or_create = ("version",)

    version = 1
    created_at = NOW


class ReportCaseFactory(DjangoModelFactory[models.ReportCase]):
    """The product's open case."""

    class Meta:
        model = models.ReportCase
        django_get_or_create = ("product", "status")

    product = factory.SubFactory(ListedProductFactory)
    policy = factory.SubFactory(ReportPolicyFactory)
    status = CaseStatus.COLLECTING
    opened_at = NOW
    due_at = NOW + timedelta(days=7)


class KnownAnswerFactory(DjangoModelFactory[models.KnownAnswer]):
    """A listed product with its answered item and the label that settled it."""

    class Meta:
        model = models.KnownAnswer

    product = factory.SubFactory(ListedProductFactory)
    category = factory.SelfAttribute("product.category")
    input_digest = factory.SelfAttribute("product.input_digest")
    source = KnownAnswerSource.UNANIMOUS
    decision = factory.LazyAttribute(
        lambda o: DecisionFactory(
            item=ReviewItemFactory(
                product=o.product, status=ReviewStatus.RESOLVED, resolved_at=NOW
            ),
            category=o.category,
            is_blind=True,
        )
    )
    created_at = NOW


class DisagreementFactory(DjangoModelFactory[models.Disagreement]):
    class Meta:
        model = models.Disagreement

    first = factory.SubFactory(DecisionFactory)
    product = factory.SelfAttribute("first.product")
    second = factory.LazyAttribute(
        lambda o: DecisionFactory(
            item=ReviewItemFactory(
                product=o.product,
                status=ReviewStatus.RESOLVED,
                resolved_at=NOW,
                checks=o.first,
                not_for=o.first.moderator,
                reasons=[ReviewReason.SECOND_OPINION],
                is_blind=True,
            ),
            is_blind=True,
            reasons=[ReviewReason.SECOND_OPINION],
        )
    )
    kind = DisagreementKind.SECOND_OPINION
    opened_at = NOW


class ReportFactory(DjangoModelFactory[models.MisclassificationReport]):
    class Meta:
        model = models.MisclassificationReport

    product = factory.SubFactory(ListedProductFactory)
    reporter = factory.SubFactory(BuyerFactory)
    case = factory.SubFactory(ReportCaseFactory, product=factory.SelfAttribute("..product"))
    reported_category = factory.SelfAttribute("product.category")
    reported_title = factory.SelfAttribute("product.designation")
    reported_digest = factory.SelfAttribute("product.input_digest")
    created_at = NOW


class ProvenBuyerFactory(BuyerFactory):
    """A buyer whose reports weigh something: moderators have upheld `upheld` of them.

    `upheld__at`: when; records fade, so that a test by the real clock says so.
    """

    @factory.post_generation
    def upheld(self, create, extracted, **kwargs):
        decision = DecisionFactory(item__status=ReviewStatus.RESOLVED, item__resolved_at=NOW)
        ReportFactory.create_batch(
            extracted or 6,
            product=decision.product,
            reporter=self,
            case=None,
            reported_category=CategoryFactory(),
            status=ReportStatus.UPHELD,
            decision=decision,
            resolved_at=kwargs.get("at", NOW),
        )


MANIFEST = {
    "schema": 1,
    "filters": {"sources": [], "blind_only": True, "decided_from": None, "decided_until": None},
    "rows": 1234,
    "rows_sha256": "b" * 64,
    "classes": [{"code": 10, "name_fr": "Livres", "name_en": "Books"}],
    "taxonomy": "c" * 64,
    "counts": {"10": 1234},
    "splits": {"train": {"10": 1000}, "validation": {"10": 134}, "test": {"10": 100}},
    "label_sources": {"moderator": 1234},
    "reasons": {"audit": 34, "low_confidence": 1200},
    "languages": {"fr": 1111, "unknown": 123},
    "moderators": 3,
    "model_versions": [{"name": "demo-1", "manifest_sha256": "d" * 64, "rows": 1234}],
    "rows_that_are": {
        "against_prediction": 55,
        "blind": 34,
        "predicted": 1234,
        "weight_clipped": 7,
        "without_picture": 12,
    },
    "weights": {"limit": 10.0, "effective_rows": 321.5},
    "decided": ["2026-02-01T09:00:00.000000+00:00", "2026-03-02T09:00:00.000000+00:00"],
}


class SnapshotFactory(DjangoModelFactory[models.DatasetSnapshot]):
    """A row only; no file lies behind it."""

    class Meta:
        model = models.DatasetSnapshot

    status = JobStatus.DONE
    digest = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    file_sha256 = factory.LazyFunction(lambda: uuid.uuid4().hex * 2)
    size_bytes = 10_000
    rows_total = rows_done = 1234
    manifest = MANIFEST
    left_out = {"outdated": 5, "filtered": 6}
    created_at = NOW
    finished_at = NOW
