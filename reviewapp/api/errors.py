"""Errors of the API as `application/problem+json` (RFC 9457)."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from reviewapp.api.parsers import BodyTooLarge
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import ProductRefused

CONTENT_TYPE = "application/problem+json"


class FieldErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one field; `field` is a path such as `image` or `top.0`."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(default="about:blank")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def problems(*codes: int) -> dict[tuple[int, str], type[ProblemSerializer]]:
    """Responses of the schema: which statuses come as problems."""
    return {(code, CONTENT_TYPE): ProblemSerializer for code in codes}


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an error as a problem; None for a fault of ours, which Django then reports."""
    response = exception_handler(_ours(error), context)
    if response is None:
        return None
    response.data = problem_body(_ours(error), response.status_code)
    response.content_type = CONTENT_TYPE
    return response


def problem_body(error: Exception, code: int) -> dict[str, Any]:
    """Describe an error; a validation error lists what is wrong with which field."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "detail": _detail(error),
    }
    if isinstance(error, exceptions.ValidationError):
        body["errors"] = list(field_errors(error))
    return body


def field_errors(error: exceptions.ValidationError) -> Iterator[dict[str, str]]:
    """Yield the errors of a validation error, flat, each with the path of its field."""
    yield from _flat(error.detail, "")


def refusal(refused: ProductRefused | ImageRefused) -> exceptions.ValidationError:
    """Say in the API's way why a product or its picture is refused."""
    if isinstance(refused, ImageRefused):
        return exceptions.ValidationError({"image": refused.message}, code=refused.code)
    return exceptions.ValidationError({refused.field: refused.message}, code="refused")


@extend_schema(exclude=True)
@api_view(["GET", "POST", "PUT", "PATCH", "DELETE"])
@authentication_classes([])
@permission_classes([])
def not_found(request: Request, path: str = "") -> Response:
    """Whatever address below /api/ that leads nowhere."""
    raise exceptions.NotFound


def _ours(error: Exception) -> Exception:
    """Name what Django raises by itself while it reads a request."""
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge(_("The request is too large."))
    if isinstance(error, SuspiciousOperation | UnreadablePostError):
        return exceptions.ParseError(_("The request cannot be read."))
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(error.messages)
    if isinstance(error, Http404):
        return exceptions.NotFound()
    return error


def _detail(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return _("The request is not valid.")
    return _storable(str(getattr(error, "detail", error)))


def _flat(detail: Any, path: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(detail, list):
        for number, value in enumerate(detail):
            is_message = isinstance(value, exceptions.ErrorDetail)
            yield from _flat(value, path if is_message else f"{path}.{number}".lstrip("."))
    else:
        code = str(getattr(detail, "code", "invalid"))
        yield {"field": _storable(path), "code": code, "detail": _storable(str(detail))}


def _storable(text: str) -> str:
    """Half a character that a message quotes would break the answer's encoding."""
    return text.encode("utf-8", "replace").decode("utf-8")
