"""Evaluations, judgements of the gate and promotions as the API shows them."""

from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from reviewapp.choices import MemberChoice
from reviewapp.models import (
    DatasetSnapshot,
    Evaluation,
    GateReport,
    LiveMeasure,
    ModelVersion,
    Promotion,
)
from reviewapp.selectors.snapshots import finished_snapshots
from reviewapp.selectors.version_pairs import VersionPair


class ModelVersionSerializer(serializers.ModelSerializer[ModelVersion]):
    class Meta:
        model = ModelVersion
        fields = [
            "name",
            "manifest_sha256",
            "stage",
            "labels",
            "is_demo",
            "created_at",
            "promoted_at",
        ]
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    model_version = serializers.CharField(source="model_version.name", read_only=True)

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "model_version",
            "snapshot",
            "status",
            "rows_done",
            "rows_total",
            "error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class EvaluationDetailSerializer(EvaluationSerializer):
    """With `metrics`: by member the rates with 95 % intervals, categories, confusion and slices."""

    class Meta(EvaluationSerializer.Meta):
        fields = [*EvaluationSerializer.Meta.fields, "metrics"]
        read_only_fields = fields


class LiveMeasureSerializer(serializers.ModelSerializer[LiveMeasure]):
    """`products` are those people have answered for, `audits` those of them drawn for a blind audit."""

    model_version = serializers.CharField(source="model_version.name", read_only=True)

    class Meta:
        model = LiveMeasure
        fields = ["id", "model_version", "days", "products", "audits", "measured_at"]
        read_only_fields = fields


class LiveMeasureDetailSerializer(LiveMeasureSerializer):
    """With `metrics`, as of an evaluation; empty while there are too few products."""

    class Meta(LiveMeasureSerializer.Meta):
        fields = [*LiveMeasureSerializer.Meta.fields, "metrics"]
        read_only_fields = fields


class EvaluationRequestSerializer(serializers.Serializer[Any]):
    """Which version to measure on the test products of which finished snapshot."""

    model_version = serializers.SlugRelatedField[ModelVersion](
        slug_field="name", queryset=ModelVersion.objects.all()
    )
    snapshot = serializers.PrimaryKeyRelatedField[DatasetSnapshot](queryset=finished_snapshots())


class DiffRequestSerializer(serializers.Serializer[Any]):
    """The other evaluation, and by whose answers to compare."""

    to = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    member = serializers.ChoiceField(MemberChoice.choices, default=MemberChoice.FUSION)


class DifferenceSerializer(serializers.Serializer[Any]):
    """A number of both versions; `value` is new - old, `low` and `high` its 95 % interval."""

    old = serializers.FloatField()
    new = serializers.FloatField()
    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class CategoryDifferenceSerializer(serializers.Serializer[Any]):
    code = serializers.IntegerField()
    products = serializers.IntegerField()
    f1 = DifferenceSerializer()


class EvaluationDiffSerializer(serializers.Serializer[VersionPair]):
    """`lost`: ids of products that were right and are wrong now; `won`: the other way round."""

    accuracy = DifferenceSerializer()
    macro_f1 = DifferenceSerializer()
    weighted_f1 = DifferenceSerializer()
    ece = DifferenceSerializer()
    categories = CategoryDifferenceSerializer(many=True)
    lost = serializers.ListField(child=serializers.IntegerField())
    won = serializers.ListField(child=serializers.IntegerField())

    def to_representation(self, instance: VersionPair) -> dict[str, Any]:
        both = instance.both
        categories = [
            {"code": one.code, "products": one.products, "f1": asdict(one.f1)}
            for one in instance.categories
        ]
        return {
            **{rate: asdict(difference) for rate, difference in instance.rates.items()},
            "categories": categories,
            "lost": both.product[both.negative_flips].tolist(),
            "won": both.product[both.positive_flips].tolist(),
        }


class GateReportSerializer(serializers.ModelSerializer[GateReport]):
    """`results`: each test with number, threshold and verdict, as soon as `judged_at` is set."""

    model_version = serializers.CharField(source="candidate.model_version.name", read_only=True)
    against = serializers.CharField(source="champion.model_version.name", read_only=True)
    policy = serializers.IntegerField(
        source="policy.version", allow_null=True, read_only=True, default=None
    )

    class Meta:
        model = GateReport
        fields = [
            "id",
            "model_version",
            "against",
            "candidate",
            "champion",
            "policy",
            "verdict",
            "results",
            "error",
            "created_at",
            "judged_at",
        ]
        read_only_fields = fields


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    """`certificate`: what is promised of the thresholds with the new answers; empty: nothing."""

    model_version = serializers.CharField(source="version.name", read_only=True)
    previous = serializers.CharField(
        source="previous.name", allow_null=True, read_only=True, default=None
    )
    policy_before = serializers.IntegerField(
        source="policy_before.version", allow_null=True, read_only=True, default=None
    )
    policy = serializers.IntegerField(
        source="policy.version", allow_null=True, read_only=True, default=None
    )
    promoted_by = serializers.CharField(
        source="promoted_by.username", allow_null=True, read_only=True, default=None
    )

    class Meta:
        model = Promotion
        fields = [
            "id",
            "model_version",
            "previous",
            "kind",
            "gate",
            "accepts_unjudged",
            "reason",
            "policy_before",
            "policy",
            "certificate",
            "promoted_by",
            "promoted_at",
        ]
        read_only_fields = fields


class PromotionRequestSerializer(serializers.Serializer[Any]):
    """`accepts_unjudged`: you have seen what could not be judged, or that a pass counts as not
    judged since the version may have learned the test products or somebody has chosen them;
    `reason`: why in spite of the gate; `gate`: the gate report that both are about, so that neither counts for a newer one or
    against another champion."""

    gate = serializers.PrimaryKeyRelatedField[GateReport](
        queryset=GateReport.objects.all(), default=None, allow_null=True
    )
    accepts_unjudged = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)


class RollBackRequestSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1000, default="", allow_blank=True)
