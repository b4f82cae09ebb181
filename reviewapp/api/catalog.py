"""Categories for everyone; a seller's own products, in and out."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import permissions, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviewapp.api.bulk import BULK_MAX_ITEMS, ingest_items
from reviewapp.api.errors import problems, refusal
from reviewapp.api.paging import ByArrival
from reviewapp.api.serializers.catalog import (
    BulkSerializer,
    CategorySerializer,
    ProductDetailSerializer,
    ProductInputSerializer,
    ProductPageSerializer,
    ProductSerializer,
)
from reviewapp.api.throttling import IngestThrottle
from reviewapp.choices import ProductStatus
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import Outcome, ProductRefused, seller_source
from reviewapp.models import Category, Product, User
from reviewapp.selectors import seller as selectors
from reviewapp.services.catalog import ingest_product
from reviewapp.services.suggestions import record_claims
from worker.tasks.classify import wake_workers

# Either one product or a list of them; the schema of a product is known from the form.
_PRODUCT = {"$ref": "#/components/schemas/ProductInput"}
_ONE_OR_MANY = {
    "oneOf": [_PRODUCT, {"type": "array", "maxItems": BULK_MAX_ITEMS, "items": _PRODUCT}]
}


class MaySell(permissions.BasePermission):
    """Sellers only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.has_perm("reviewapp.add_product")


class Categories(ListAPIView[Category]):
    """The taxonomy: every category with its definition and the ones it is mixed up with."""

    serializer_class = CategorySerializer
    permission_classes = (permissions.AllowAny,)
    pagination_class = None

    def get_queryset(self) -> QuerySet[Category]:
        return Category.objects.select_related("family").prefetch_related("confusions__neighbour")


class Products(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    def get_throttles(self) -> list[Any]:
        return [IngestThrottle()] if self.request.method == "POST" else []

    @extend_schema(
        operation_id="products_list",
        summary="Your products, newest first",
        parameters=[
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int, description="At most 200."),
            OpenApiParameter("status", str, enum=ProductStatus.values),
        ],
        responses={200: ProductPageSerializer, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        products = selectors.with_route(selectors.products_of(seller_of(request)))
        wanted = request.query_params.get("status", "")
        if wanted and wanted not in ProductStatus.values:
            raise ValidationError({"status": _("There is no such status.")})
        if wanted:
            products = products.filter(status=wanted)
        paginator = ByArrival()
        page: list[Product] = paginator.paginate_queryset(products, request, view=self) or []
        return paginator.get_paginated_response(
            [ProductSerializer(standing).data for standing in selectors.standings(page)]
        )

    @extend_schema(
        operation_id="products_ingest",
        summary="Send in one product, or up to 500 as a list",
        description=(
            "Creates the product, or updates the one of the same `external_id`; sending the same"
            " again changes nothing. A list is answered by 207 with the fate of each item: one bad"
            " item sinks no other."
        ),
        request={
            "application/json": _ONE_OR_MANY,
            "multipart/form-data": ProductInputSerializer,
        },
        responses={
            200: ProductDetailSerializer,
            201: ProductDetailSerializer,
            207: BulkSerializer,
            **problems(400, 401, 403, 413, 415, 429),
        },
        examples=[
            OpenApiExample(
                "One product",
                value={
                    "external_id": "A-1",
                    "designation": "Théière en fonte",
                    "description": "Contenance 0,8 l",
                    "language": "fr",
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        codes = frozenset(Category.objects.values_list("code", flat=True))
        data: Any = request.data
        if isinstance(data, list):
            return self._many(seller_of(request), data, codes)
        form = ProductInputSerializer(data=data, context={"codes": codes})
        form.is_valid(raise_exception=True)
        return self._one(seller_of(request), dict(form.validated_data))

    def _one(self, seller: User, fields: dict[str, Any]) -> Response:
        remove_image = "image" in fields and fields["image"] is None
        try:
            arrived = ingest_product(
                source=seller_source(seller.pk),
                seller=seller,
                remove_image=remove_image,
                now=timezone.now(),
                **fields,
            )
        except (ProductRefused, ImageRefused) as refused:
            raise refusal(refused) from refused
        record_claims(seller=seller, products=[arrived.product], now=timezone.now())
        if arrived.outcome != Outcome.UNCHANGED:
            wake_workers()
        is_new = arrived.outcome == Outcome.CREATED
        return Response(
            _detail(seller, arrived.product.external_id) | {"outcome": arrived.outcome.value},
            status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK,
        )

    def _many(self, seller: User, items: list[Any], codes: frozenset[int]) -> Response:
        if not 1 <= len(items) <= BULK_MAX_ITEMS:
            message = _("Send 1 to %(limit)s products at once.") % {"limit": BULK_MAX_ITEMS}
            raise ValidationError(message)
        answer = ingest_items(seller=seller, items=items, codes=codes, now=timezone.now())
        if answer["created"] or answer["updated"]:
            wake_workers()
        return Response(answer, status=status.HTTP_207_MULTI_STATUS)


class ProductDetail(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    @extend_schema(
        operation_id="products_retrieve",
        summary="One of your products: where it stands, what the models said, and why",
        responses={200: ProductDetailSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, external_id: str) -> Response:
        return Response(_detail(seller_of(request), external_id))


def seller_of(request: Request) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # IsAuthenticated has seen to it
    return request.user


def _detail(seller: User, external_id: str) -> dict[str, Any]:
    # PostgreSQL knows no NUL: such an id cannot exist.
    product = None
    if "\x00" not in external_id:
        product = selectors.named(seller=seller, external_id=external_id)
    if product is None:
        raise NotFound
    standing = selectors.standing(product, selectors.categories_by_code())
    return dict(ProductDetailSerializer(standing).data)
