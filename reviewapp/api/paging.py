"""Keyset pages of the API."""

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

_LARGEST_ID = 2**63 - 1


class ByArrival(CursorPagination):
    """Newest first by id, which is unique: a time may be shared by a whole import."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Refuse a cursor that is not ours; any other value would fail in the database."""
        cursor: Cursor | None = super().decode_cursor(request)
        position = "0" if cursor is None or cursor.position is None else str(cursor.position)
        if not position.isdecimal() or int(position) > _LARGEST_ID:
            raise NotFound(_("The cursor is not valid."))
        return cursor
