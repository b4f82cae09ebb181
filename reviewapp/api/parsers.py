"""Reading request bodies: bounded, and strict about what is JSON and what only looks like it."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, MultiPartParser

JSON_MAX_BYTES = 32 * 2**20
"""Room for a few hundred products with small pictures; for more there are imports."""
_FORM_ROOM = 2**20  # texts and borders of a form beside its picture


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class StrictJSONParser(BaseParser):
    """JSON as RFC 8259 has it, in UTF-8: no NaN, no number beyond a double (1e400)."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(JSON_MAX_BYTES + 1)
        if len(body) > JSON_MAX_BYTES:
            raise _too_large(JSON_MAX_BYTES)
        try:
            return json.loads(body.decode("utf-8"), parse_constant=_no_number, parse_float=_finite)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("Not valid JSON: %(error)s") % {"error": str(error)}) from error


class BoundedFormParser(MultiPartParser):
    """A form with at most one picture; a larger one is refused before it fills the disk."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.IMAGE_MAX_BYTES + _FORM_ROOM
        request = (parser_context or {})["request"]
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError as error:
            raise ParseError(_("Content-Length is not a number.")) from error
        if length > limit:
            raise _too_large(limit)
        return super().parse(stream, media_type, parser_context)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def _too_large(limit: int) -> BodyTooLarge:
    message = _("The request is larger than %(limit)s MB; send it in parts, or as an import.")
    return BodyTooLarge(message % {"limit": limit // 2**20})
