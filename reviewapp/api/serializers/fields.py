"""Fields that several serializers share."""

import base64
import binascii
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviewapp.domain.images import ImageRefused, check_size


@extend_schema_field({"type": "string", "format": "byte", "nullable": True})
class PictureField(serializers.Field[bytes, Any, str, Any]):
    """A picture file: as a file of a form, or in base64 within JSON. Gives its bytes.

    What it shows is looked at when it is stored; here only its size is.
    """

    default_error_messages = {
        "type": _("Send the picture as a file of a form, or as base64 text."),
        "base64": _("The picture is not valid base64."),
    }

    def to_internal_value(self, data: Any) -> bytes:
        try:
            if isinstance(data, UploadedFile):
                check_size(data.size or 0, settings.IMAGE_MAX_BYTES)
                return bytes(data.read())
            return self._decoded(data)
        except ImageRefused as refused:
            raise serializers.ValidationError(refused.message, code=refused.code) from refused

    def _decoded(self, data: Any) -> bytes:
        if not isinstance(data, str):
            self.fail("type")
        # Browsers write data:image/png;base64,...; the type they claim is not looked at.
        text = data.partition(",")[2] if data.startswith("data:") else data
        check_size(len(text) * 3 // 4 if text else 0, settings.IMAGE_MAX_BYTES + 2)
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self.fail("base64")
            raise AssertionError from None

    def to_representation(self, value: bytes) -> str:
        return base64.b64encode(value).decode("ascii")
