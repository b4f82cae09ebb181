"""What the models would say of a draft, before it is sent as a product."""

import uuid

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, permissions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reviewapp.api.catalog import MaySell, seller_of
from reviewapp.api.errors import problems, refusal
from reviewapp.api.serializers.previews import DraftSerializer, PreviewSerializer
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import ProductRefused
from reviewapp.network import count_person
from reviewapp.selectors.previews import look_ahead, preview_of
from reviewapp.services import limits
from reviewapp.services.previews import request_preview
from worker.tasks.previews import expect_previews, wake_previews


class Previews(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    @extend_schema(
        operation_id="previews_create",
        summary="Ask what the models would say of a draft",
        description=(
            "Stores nothing but the question: the draft goes with the answer, the answer after an"
            " hour. Answered within seconds; ask the address in `Location`. 200 when the same draft"
            " has been answered already."
        ),
        request={"application/json": DraftSerializer, "multipart/form-data": DraftSerializer},
        responses={
            200: PreviewSerializer,
            202: PreviewSerializer,
            **problems(400, 401, 403, 413, 415, 429),
        },
        examples=[
            OpenApiExample(
                "A draft", value={"designation": "Théière en fonte 0,8 l"}, request_only=True
            )
        ],
    )
    def post(self, request: Request) -> Response:
        seller = seller_of(request)
        form = DraftSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            count_person(request, "previews")
            expect_previews()
            row, is_new = request_preview(seller=seller, now=timezone.now(), **form.validated_data)
        except limits.LimitReached as reached:
            raise exceptions.Throttled(wait=reached.retry_after) from reached
        except (ProductRefused, ImageRefused) as refused:
            raise refusal(refused) from refused
        if is_new:
            wake_previews()
        ahead = look_ahead(row, now=timezone.now())
        return Response(
            PreviewSerializer(ahead).data,
            status=status.HTTP_202_ACCEPTED if ahead.is_open else status.HTTP_200_OK,
            headers={"Location": reverse("api:preview", args=[row.pk])},
        )


class Preview(APIView):
    permission_classes = (permissions.IsAuthenticated, MaySell)

    @extend_schema(
        operation_id="previews_retrieve",
        summary="One of your looks ahead",
        responses={200: PreviewSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, preview_id: uuid.UUID) -> Response:
        row = preview_of(seller=seller_of(request), preview_id=preview_id)
        if row is None:
            raise exceptions.NotFound
        return Response(PreviewSerializer(look_ahead(row, now=timezone.now())).data)
