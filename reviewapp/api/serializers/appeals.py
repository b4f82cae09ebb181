"""Statements of reasons and appeals, as they come in and as they go out."""

from typing import Any

from rest_framework import serializers

from reviewapp.api.serializers.catalog import CategoryNameSerializer
from reviewapp.choices import AppealStatus
from reviewapp.domain.appeals import COMMENT_CHARS
from reviewapp.domain.statements import StatementKind
from reviewapp.models import Appeal, Category
from reviewapp.selectors.appeals import Contestable
from reviewapp.selectors.statements import Statement


class StatementSerializer(serializers.Serializer[Statement]):
    """One entry of a product's history, in the language of `Accept-Language`.

    is_automatic: null for what the seller did
    """

    reference = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField([(kind.value, kind.name) for kind in StatementKind])
    title = serializers.CharField()
    is_automatic = serializers.BooleanField(allow_null=True)
    grounds = serializers.ListField(child=serializers.CharField())
    category = CategoryNameSerializer(allow_null=True)
    model = serializers.CharField()
    policy_version = serializers.IntegerField(source="policy", allow_null=True)
    comment = serializers.CharField()


class ContestSerializer(serializers.Serializer[Contestable]):
    """Whether an appeal may be made now, until when, and if not, why."""

    is_possible = serializers.SerializerMethodField()
    until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(source="refusal.sentence", default="")

    def get_is_possible(self, found: Contestable) -> bool:
        return found.refusal is None


class HistorySerializer(serializers.Serializer[Any]):
    """statements: newest first"""

    appeal = ContestSerializer()
    statements = StatementSerializer(many=True)


class AppealSerializer(serializers.ModelSerializer[Appeal]):
    """An appeal and its outcome. `answer` is what the other moderator decided, once answered."""

    comment = serializers.CharField(max_length=COMMENT_CHARS)
    contested_category = CategoryNameSerializer(read_only=True)
    wished_category = serializers.SlugRelatedField(
        "code",
        queryset=Category.objects.filter(is_active=True),
        allow_null=True,
        default=None,
        help_text="The code of the right category, if you know it.",
    )
    status = serializers.ChoiceField(AppealStatus.choices, read_only=True)
    answer = CategoryNameSerializer(
        source="answer.category", read_only=True, default=None, allow_null=True
    )

    class Meta:
        model = Appeal
        fields = [
            "id",
            "contested_category",
            "wished_category",
            "comment",
            "status",
            "answer",
            "created_at",
            "resolved_at",
        ]
        read_only_fields = ["created_at", "resolved_at"]
