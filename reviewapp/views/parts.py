"""Paging: through rows that never change by the place where a part starts (`?start=`), through rows
that are only added by the last id seen (`?before=`)."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from reviewapp.selectors.pages import Part

Row = TypeVar("Row", bound=Model)


def page_by_id(
    request: HttpRequest, rows: QuerySet[Row], *, size: int, name: str = "before"
) -> tuple[list[Row], dict[str, str]]:
    """Return the part of `rows`, the newest first by id, that the address asks for, and what
    components/_pagination.html draws. name: of the number in the address, where a page has two lists
    """
    if name in request.GET:
        rows = rows.filter(pk__lt=whole_number(request, name))
    found = list(rows[: size + 1])
    link = f"?{name}={found[size - 1].pk}" if len(found) > size else ""
    return found[:size], {"next_url": link}


def whole_number(request: HttpRequest, name: str) -> int:
    """Return a number of the address; anything else is not found."""
    text = request.GET.get(name, "")
    if not text.isdecimal() or len(text) > 9:
        raise Http404
    return int(text)


def wanted_part(request: HttpRequest, *, total: int, size: int) -> Part:
    """Return the part that the address asks for, the first one unasked; beyond the end: not found."""
    start = whole_number(request, "start") if "start" in request.GET else 0
    if start and start >= total:
        raise Http404
    return Part(start, size, total)


def part_links(part: Part, address: str) -> dict[str, Any]:
    """Return what components/_pagination.html draws. address: with a query, of any part"""
    numbers = {"first": part.first, "last": part.last, "total": part.total}
    return {
        "previous_url": "" if part.previous is None else f"{address}&start={part.previous}",
        "next_url": "" if part.next is None else f"{address}&start={part.next}",
        "status": _("%(first)s to %(last)s of %(total)s") % numbers,
    }
