"""Snapshots, their differences and their exports as the API shows them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from reviewapp.choices import ExportFormat, LabelSource
from reviewapp.domain.snapshots import SnapshotDiff
from reviewapp.models import DatasetExport, DatasetSnapshot


class SnapshotSerializer(serializers.ModelSerializer[DatasetSnapshot]):
    class Meta:
        model = DatasetSnapshot
        fields = [
            "id",
            "status",
            "note",
            "filters",
            "rows_done",
            "rows_total",
            "digest",
            "manifest",
            "left_out",
            "error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class SnapshotRequestSerializer(serializers.Serializer[Any]):
    """Which live labels to freeze; all of them by default. Days are in UTC, both included."""

    note = serializers.CharField(max_length=200, default="", allow_blank=True)
    sources = serializers.ListField(
        child=serializers.ChoiceField(LabelSource.choices), default=list, max_length=10
    )
    blind_only = serializers.BooleanField(default=False)
    decided_from = serializers.DateField(default=None, allow_null=True)
    decided_until = serializers.DateField(default=None, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs["decided_from"], attrs["decided_until"]
        if first and last and first > last:
            message = _("The last day lies before the first one.")
            raise serializers.ValidationError({"decided_until": message})
        return attrs


class MoveSerializer(serializers.Serializer[Any]):
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    products = serializers.IntegerField()


class DiffSerializer(serializers.Serializer[SnapshotDiff]):
    """Product ids, ascending; `moves` counts relabelled products by category before and after."""

    added = serializers.ListField(child=serializers.IntegerField())
    removed = serializers.ListField(child=serializers.IntegerField())
    relabelled = serializers.ListField(child=serializers.IntegerField())
    unchanged = serializers.IntegerField()
    moves = MoveSerializer(many=True)

    def to_representation(self, instance: SnapshotDiff) -> dict[str, Any]:
        return {
            "added": instance.added,
            "removed": instance.removed,
            "relabelled": instance.relabelled,
            "unchanged": instance.unchanged,
            "moves": [
                {"before": before, "after": after, "products": number}
                for (before, after), number in instance.moves
            ],
        }


class ExportRequestSerializer(serializers.Serializer[Any]):
    format = serializers.ChoiceField(ExportFormat.choices)


class ExportSerializer(serializers.ModelSerializer[DatasetExport]):
    class Meta:
        model = DatasetExport
        fields = [
            "id",
            "snapshot",
            "format",
            "status",
            "rows_done",
            "rows_total",
            "file_name",
            "size_bytes",
            "sha256",
            "error",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields
