"""A bound on uploads that holds before the first byte is written to disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.urls import reverse
from django.utils.translation import gettext as _

_FORM_ROOM = 2**20  # texts and borders of a form beside its files


class BoundedUploads(FileUploadHandler):
    """Large files only where imports are sent, and only from those who may import.

    The check for forged requests reads the whole body before any view can look at its length.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, Any],  # noqa: N803  # Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > self._limit():
            raise RequestDataTooBig(_("The request is too large."))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _limit(self) -> int:
        request = self.request
        user = getattr(request, "user", None)
        if (
            request is not None
            and request.path == reverse("imports:index")
            and user is not None
            and user.has_perm("reviewapp.add_catalogueimport")
        ):
            return int(settings.IMPORT_MAX_BYTES)
        return int(settings.IMAGE_MAX_BYTES) + _FORM_ROOM
