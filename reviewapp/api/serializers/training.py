"""Training runs as the API shows them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from classifier.config import ConfigInvalid
from reviewapp.domain.recipes import RECIPES, Recipe
from reviewapp.models import DatasetSnapshot, TrainingPoint, TrainingRun
from reviewapp.selectors.snapshots import finished_snapshots
from reviewapp.selectors.training import checked_config

_LARGEST_SEED = 2**31 - 1


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    model_version = serializers.CharField(
        source="model_version.name", allow_null=True, read_only=True, default=None
    )
    manifest_sha256 = serializers.CharField(
        source="model_version.manifest_sha256", allow_null=True, read_only=True, default=None
    )

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "status",
            "origin",
            "snapshot",
            "has_base",
            "config",
            "seed",
            "note",
            "stage",
            "steps_done",
            "steps_total",
            "rows",
            "rows_sha256",
            "code_version",
            "environment",
            "attempt",
            "is_cancel_wanted",
            "model_version",
            "manifest_sha256",
            "promoted_at",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class TrainingRequestSerializer(serializers.Serializer[Any]):
    """What to learn and how; without a snapshot the labels of today are frozen."""

    snapshot = serializers.PrimaryKeyRelatedField[DatasetSnapshot](
        queryset=finished_snapshots(), allow_null=True, default=None
    )
    base_only = serializers.BooleanField(default=False)
    has_base = serializers.BooleanField(default=True)
    recipe = serializers.ChoiceField(Recipe.choices, default=Recipe.HEADS)
    config = serializers.JSONField(allow_null=True, default=None)
    seed = serializers.IntegerField(min_value=0, max_value=_LARGEST_SEED, default=0)
    note = serializers.CharField(max_length=200, default="", allow_blank=True)

    def validate_config(self, value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise serializers.ValidationError(_("A JSON object is expected."))
        try:
            checked_config(value)
        except ConfigInvalid as error:
            raise serializers.ValidationError(str(error)) from error
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["base_only"] and (attrs["snapshot"] or not attrs["has_base"]):
            message = _("Only the catalogue's codes, or a snapshot: not both.")
            raise serializers.ValidationError({"base_only": message})
        if attrs["config"] is None:
            attrs["config"] = dict(RECIPES[Recipe(attrs["recipe"])])
        return attrs


class TrainingPointSerializer(serializers.ModelSerializer[TrainingPoint]):
    class Meta:
        model = TrainingPoint
        fields = ["curve", "x", "y"]
        read_only_fields = fields
