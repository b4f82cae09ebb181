"""Categories and products, as they come in and as they go out."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviewapp.api.errors import FieldErrorSerializer
from reviewapp.api.serializers.fields import PictureField
from reviewapp.choices import MemberChoice, ProductStatus, ReviewReason, RouteOutcome
from reviewapp.domain.imports import LANGUAGE_PATTERN
from reviewapp.domain.products import EXTERNAL_ID_CHARS, LARGEST_CODE, Outcome
from reviewapp.models import Category
from reviewapp.selectors.seller import Answer, Guess, Standing
from reviewapp.services.embedding import product_token


class NeighbourSerializer(serializers.Serializer[Any]):
    """A category that this one is mixed up with, and the question that tells them apart."""

    code = serializers.IntegerField(source="neighbour.code")
    question_fr = serializers.CharField()
    question_en = serializers.CharField()


class CategorySerializer(serializers.ModelSerializer[Category]):
    """includes, excludes, synonyms: lists of texts by language."""

    family = serializers.CharField(source="family.slug")
    confusable = NeighbourSerializer(many=True, source="confusions")

    class Meta:
        model = Category
        fields = [
            "code",
            "family",
            "name_fr",
            "name_en",
            "definition_fr",
            "definition_en",
            "includes",
            "excludes",
            "synonyms",
            "is_active",
            "confusable",
        ]
        read_only_fields = fields


class ProductInputSerializer(serializers.Serializer[Any]):
    """A product as a seller sends it.

    Without `image` the picture that is there is kept; null removes it. Without `description` the
    one that is there is kept; an empty one clears it.
    """

    external_id = serializers.CharField(max_length=EXTERNAL_ID_CHARS)
    designation = serializers.CharField(allow_blank=True, trim_whitespace=False)
    description = serializers.CharField(allow_blank=True, trim_whitespace=False, required=False)
    language = serializers.RegexField(
        LANGUAGE_PATTERN, required=False, allow_blank=True, default=""
    )
    given_code = serializers.IntegerField(
        min_value=0,
        max_value=LARGEST_CODE,
        required=False,
        allow_null=True,
        default=None,
        help_text=(
            "A category code of the taxonomy, if the seller claims one. Moderators see it as the"
            " seller's word; it decides nothing."
        ),
    )
    image = PictureField(required=False, allow_null=True)

    def validate_given_code(self, value: int | None) -> int | None:
        if value is not None and value not in self.context["codes"]:
            message = _("There is no category %(code)s.") % {"code": value}
            raise serializers.ValidationError(message, code="unknown_category")
        return value


class CategoryNameSerializer(serializers.Serializer[Category]):
    code = serializers.IntegerField()
    name = serializers.CharField()


class GuessSerializer(serializers.Serializer[Guess]):
    code = serializers.IntegerField()
    name = serializers.CharField(source="category.name", default=None, allow_null=True)
    probability = serializers.FloatField()


class AnswerSerializer(serializers.Serializer[Answer]):
    """One member's answer; `absence` says why there is none."""

    member = serializers.ChoiceField(MemberChoice.choices, source="prediction.member")
    model_version = serializers.CharField(source="prediction.model_version.name")
    confidence = serializers.FloatField(source="prediction.confidence", allow_null=True)
    absence = serializers.CharField(source="prediction.absence")
    latency_ms = serializers.FloatField(source="prediction.latency_ms")
    created_at = serializers.DateTimeField(source="prediction.created_at")
    top = GuessSerializer(many=True, source="guesses")


class ReasonSerializer(serializers.Serializer[ReviewReason]):
    code = serializers.ChoiceField(ReviewReason.choices, source="value")
    text = serializers.CharField(source="label")


class RouteSerializer(serializers.Serializer[Standing]):
    """Where the product was sent, by which policy, and why."""

    outcome = serializers.ChoiceField(RouteOutcome.choices, source="route.outcome")
    reasons = ReasonSerializer(many=True)
    failure = serializers.CharField()
    policy_version = serializers.IntegerField(source="route.policy.version")
    threshold = serializers.FloatField(source="route.threshold")
    created_at = serializers.DateTimeField(source="route.created_at")


class ProductSerializer(serializers.Serializer[Standing]):
    """A product and where it stands."""

    external_id = serializers.CharField(source="product.external_id")
    source = serializers.CharField(source="product.source")  # type: ignore[assignment]
    designation = serializers.CharField(source="product.designation")
    description = serializers.CharField(source="product.description")
    language = serializers.CharField(source="product.language")
    given_code = serializers.IntegerField(source="product.given_code", allow_null=True)
    status = serializers.ChoiceField(ProductStatus.choices, source="product.status")
    is_being_classified = serializers.BooleanField()
    category = CategoryNameSerializer(source="product.category", allow_null=True)
    image_url = serializers.CharField(source="product.image.url", default=None, allow_null=True)
    thumbnail_url = serializers.CharField(
        source="product.image.thumbnail_url", default=None, allow_null=True
    )
    arrived_at = serializers.DateTimeField(source="product.arrived_at")
    predicted_at = serializers.DateTimeField(source="product.predicted_at", allow_null=True)
    listed_at = serializers.DateTimeField(source="product.listed_at", allow_null=True)
    report_token = serializers.SerializerMethodField(
        help_text="Names the product to the report button on other sites' pages."
    )

    def get_report_token(self, standing: Standing) -> str:
        return product_token(standing.product)


class ProductPageSerializer(serializers.Serializer[Any]):
    """next, previous: addresses of the neighbouring pages, null at the ends."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = ProductSerializer(many=True)


class ProductDetailSerializer(ProductSerializer):
    """A product with what the models said of it and how it was routed."""

    outcome = serializers.ChoiceField(
        [(outcome.value, outcome.name) for outcome in Outcome],
        required=False,
        help_text="Only in the answer to a POST.",
    )
    predictions = AnswerSerializer(many=True, source="members")
    route = serializers.SerializerMethodField()

    @extend_schema_field(RouteSerializer(allow_null=True))
    def get_route(self, standing: Standing) -> dict[str, Any] | None:
        return RouteSerializer(standing).data if standing.route else None


class BulkItemSerializer(serializers.Serializer[Any]):
    """What became of one item; `status` is the HTTP status it would have had by itself."""

    index = serializers.IntegerField()
    external_id = serializers.CharField(allow_null=True)
    status = serializers.IntegerField()
    outcome = serializers.ChoiceField([(outcome.value, outcome.name) for outcome in Outcome])
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]


class BulkSerializer(serializers.Serializer[Any]):
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = BulkItemSerializer(many=True)
