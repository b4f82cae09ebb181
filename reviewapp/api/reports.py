"""Buyers' reports over the API."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions, mixins, pagination, permissions, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from reviewapp.models import Category, MisclassificationReport, User
from reviewapp.network import client_address, count_person
from reviewapp.selectors.shop import listed_products
from reviewapp.services import limits
from reviewapp.services.reports import ReportRefused, submit_report


class MayReport(permissions.BasePermission):
    """Anyone signed in reads their own reports; filing one takes the buyer's permission."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in permissions.SAFE_METHODS:
            return True
        return request.user.has_perm("reviewapp.add_misclassificationreport")


class ReportSerializer(serializers.ModelSerializer[MisclassificationReport]):
    """product: id of a listed product; suggested_category: a category code, or null."""

    product = serializers.PrimaryKeyRelatedField(queryset=listed_products())
    reported_category = serializers.SlugRelatedField[Category]("code", read_only=True)
    suggested_category = serializers.SlugRelatedField(
        "code",
        queryset=Category.objects.filter(is_active=True),
        allow_null=True,
        default=None,
    )
    right_category = serializers.IntegerField(
        source="decision.category.code",
        read_only=True,
        default=None,
        help_text="What a moderator decided, once the report is answered.",
    )

    class Meta:
        model = MisclassificationReport
        fields = [
            "id",
            "product",
            "reported_category",
            "suggested_category",
            "comment",
            "status",
            "right_category",
            "created_at",
            "resolved_at",
        ]
        read_only_fields = ["status", "created_at", "resolved_at"]

    def create(self, validated_data: dict[str, Any]) -> MisclassificationReport:
        reporter = self.context["request"].user
        assert isinstance(reporter, User)  # noqa: S101  # IsAuthenticated has seen to it
        try:
            return submit_report(
                product=validated_data["product"],
                reporter=reporter,
                suggested_category=validated_data["suggested_category"],
                comment=validated_data.get("comment", ""),
                now=timezone.now(),
                address=client_address(self.context["request"]),
            )
        except ReportRefused as refused:
            raise serializers.ValidationError(refused.message) from refused


class NewestFirst(pagination.CursorPagination):
    ordering = ("-created_at", "-id")
    page_size = 50


class ReportViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[MisclassificationReport],
):
    """File a report, and see your own with their outcome.

    Reporting a product again while its report is open changes that report.
    """

    serializer_class = ReportSerializer
    permission_classes = [permissions.IsAuthenticated, MayReport]
    pagination_class = NewestFirst
    queryset = MisclassificationReport.objects.select_related(
        "product", "reported_category", "suggested_category", "decision__category"
    )

    def get_queryset(self) -> Any:
        return super().get_queryset().filter(reporter_id=self.request.user.pk or 0)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        # Within the limit that reports from the pages count towards as well; what is refused is an
        # attempt, too, or a program could find out what is here.
        try:
            count_person(request, "reports")
        except limits.LimitReached as reached:
            raise exceptions.Throttled(wait=reached.retry_after) from reached
        return super().create(request, *args, **kwargs)
