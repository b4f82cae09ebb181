"""What was decided about a seller's product and why, and the appeals against it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviewapp.api.catalog import MaySell, seller_of
from reviewapp.api.errors import problems
from reviewapp.api.serializers.appeals import AppealSerializer, HistorySerializer
from reviewapp.models import Product
from reviewapp.network import count_person
from reviewapp.selectors import seller as selectors
from reviewapp.selectors.appeals import appeals_on, contestable
from reviewapp.selectors.statements import history
from reviewapp.services import limits
from reviewapp.services.appeals import AppealRefused, submit_appeal


class AppealConflict(exceptions.APIException):
    """The product, or an earlier appeal, leaves no room for this one."""

    status_code = status.HTTP_409_CONFLICT


class Statements(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    @extend_schema(
        operation_id="statements_list",
        summary="What was decided about your product, and why",
        responses={200: HistorySerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, external_id: str) -> Response:
        product = _own(request, external_id)
        entries = history(product=product, categories=selectors.categories_by_code())
        found = contestable(product=product, now=timezone.now())
        return Response(HistorySerializer({"appeal": found, "statements": entries}).data)


class Appeals(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    @extend_schema(
        operation_id="appeals_list",
        summary="Your appeals about a product, newest first",
        responses={200: AppealSerializer(many=True), **problems(401, 403, 404)},
    )
    def get(self, request: Request, external_id: str) -> Response:
        appeals = appeals_on(product=_own(request, external_id))
        return Response(AppealSerializer(appeals, many=True).data)

    @extend_schema(
        operation_id="appeals_create",
        summary="Contest the category of your product",
        description=(
            "A moderator who has not decided about the product answers. One appeal for each"
            " decision, automatic listing and take-down by reports, one open at a time; 409 says why"
            " there is no room."
        ),
        request=AppealSerializer,
        responses={201: AppealSerializer, **problems(400, 401, 403, 404, 409, 429)},
    )
    def post(self, request: Request, external_id: str) -> Response:
        _count(request)
        product = _own(request, external_id)
        form = AppealSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        appeal = _submit(request, product, dict(form.validated_data))
        return Response(AppealSerializer(appeal).data, status=status.HTTP_201_CREATED)


def _count(request: Request) -> None:
    """Count the attempt before anything is looked at: what is refused tells something, too."""
    try:
        count_person(request, "appeals")
    except limits.LimitReached as reached:
        raise exceptions.Throttled(wait=reached.retry_after) from reached


def _submit(request: Request, product: Product, fields: dict[str, Any]) -> Any:
    seller = seller_of(request)
    try:
        return submit_appeal(product_id=product.pk, seller=seller, now=timezone.now(), **fields)
    except AppealRefused as refused:
        raise AppealConflict(str(refused), code=refused.refusal.value) from refused


def _own(request: Request, external_id: str) -> Product:
    """The seller's product of that id; another's is as absent as one that never was."""
    # PostgreSQL knows no NUL: such an id cannot exist.
    product = None
    if "\x00" not in external_id:
        product = selectors.named(seller=seller_of(request), external_id=external_id)
    if product is None:
        raise exceptions.NotFound
    return product
