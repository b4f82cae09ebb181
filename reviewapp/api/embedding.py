"""What the report button on other sites' pages asks for. No session, no cookie, no account."""

from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, permissions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviewapp.api.errors import problems
from reviewapp.models import Category, Product
from reviewapp.network import client_address
from reviewapp.selectors.embedding import is_live
from reviewapp.services import limits
from reviewapp.services.embedding import TokenInvalid, product_of
from reviewapp.services.networks import network_of
from reviewapp.services.report_policies import current_report_policy
from reviewapp.services.reports import AnonymousRefused, ReportRefused, submit_report

_LANGUAGES = ("fr", "en")


class FromAllowedSite(permissions.BasePermission):
    """Browsers name the page's site in each request from another; programs have the other API."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        origin = request.headers.get("Origin", "")
        return origin == f"{request.scheme}://{request.get_host()}" or is_live(origin)


class ChoiceSerializer(serializers.Serializer[Category]):
    code = serializers.IntegerField()
    name = serializers.CharField()


class OptionsSerializer(serializers.Serializer[Any]):
    """takes_anonymous: whether a report may be sent from here; else people go to `address`."""

    takes_anonymous = serializers.BooleanField()
    address = serializers.CharField()
    categories = ChoiceSerializer(many=True)


class EmbeddedReportSerializer(serializers.Serializer[Any]):
    """token: the product's `report_token`; suggested_category: a category code, or null."""

    token = serializers.CharField(max_length=200)
    suggested_category = serializers.SlugRelatedField(
        "code", queryset=Category.objects.filter(is_active=True), allow_null=True, default=None
    )
    comment = serializers.CharField(max_length=500, allow_blank=True, default="")


class EmbeddedOptions(APIView):
    """What the button needs to draw its form."""

    authentication_classes = ()
    permission_classes = (FromAllowedSite,)

    @extend_schema(
        summary="What the report button on another site's page offers",
        parameters=[
            OpenApiParameter("token", str, required=True),
            OpenApiParameter("lang", str, enum=_LANGUAGES),
        ],
        responses={200: OptionsSerializer, **problems(400, 403, 429)},
        auth=[],
    )
    def get(self, request: Request) -> Response:
        _count(request, "embedding")
        product = _product(request.query_params.get("token", ""))
        asked = request.query_params.get("lang", "")
        with translation.override(asked if asked in _LANGUAGES else _LANGUAGES[0]):
            options = {
                "takes_anonymous": current_report_policy(now=timezone.now()).allow_anonymous,
                "address": request.build_absolute_uri(f"/product/{product.pk}/"),
                "categories": Category.objects.filter(is_active=True).order_by("code"),
            }
            return Response(OptionsSerializer(options).data)


class EmbeddedReports(APIView):
    """Report a product from another site's page."""

    authentication_classes = ()
    permission_classes = (FromAllowedSite,)

    @extend_schema(
        summary="Report a wrong category from another site's page",
        description="Anonymous: only if the report policy takes such reports; 403 otherwise.",
        request=EmbeddedReportSerializer,
        responses={202: None, **problems(400, 403, 429)},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        _count(request, "anonymous_reports")
        form = EmbeddedReportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = dict(form.validated_data)
        try:
            submit_report(
                product=_product(given.pop("token")),
                reporter=None,
                address=client_address(request._request),
                now=timezone.now(),
                **given,
            )
        except AnonymousRefused as refused:
            raise exceptions.PermissionDenied(refused.message) from refused
        except ReportRefused as refused:
            raise exceptions.ValidationError(refused.message) from refused
        return Response(status=status.HTTP_202_ACCEPTED)


def _count(request: Request, action: str) -> None:
    try:
        limits.count_attempt(action=action, actor=network_of(client_address(request._request)))
    except limits.LimitReached as reached:
        raise exceptions.Throttled(wait=reached.retry_after) from reached


def _product(token: str) -> Product:
    try:
        return product_of(token)
    except TokenInvalid as error:
        words = _("This product is not known here; the page may be out of date.")
        raise exceptions.ValidationError({"token": words}) from error
