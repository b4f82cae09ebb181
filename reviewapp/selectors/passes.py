"""Pages of a search: pass by pass by falling relevance, newest first within each."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from reviewapp.models import CatalogueEntry
from reviewapp.selectors.facets import Fact, Filters
from reviewapp.selectors.matches import page_of_matches
from reviewapp.selectors.pages import CursorInvalid, page_by_time, page_of_keys

Reader = Callable[[int, str, int], tuple[list[int], str]]
"""Reads a page: of which pass, after which cursor, how many ids; with the cursor of the next one."""


def read_found(facts: Iterable[Fact], filters: Filters) -> Reader:
    """Read pages of what has been found whole, without asking again."""
    by_pass: dict[int, list[tuple[datetime, int]]] = {}
    for one in facts:
        if one.passes(filters) and one.count(filters.days):
            for place in one.places:
                by_pass.setdefault(place.number, []).append((place.listed_at, place.pk))

    def read(number: int, cursor: str, size: int) -> tuple[list[int], str]:
        keys, older = page_of_keys(by_pass.get(number, []), cursor=cursor, size=size)
        return [pk for _listed_at, pk in keys], older

    return read


def read_anew(
    entries: QuerySet[CatalogueEntry],
    passes: list[Q],
    *,
    shelf: QuerySet[CatalogueEntry] | None,
    are_recent: bool,
) -> Reader:
    """Read pages of what is more than has been looked at.

    shelf, are_recent: see `page_of_matches`; no shelf where there are no words to look for
    """

    def read(number: int, cursor: str, size: int) -> tuple[list[int], str]:
        rows = entries.filter(passes[number]).only("pk", "listed_at")
        if shelf is None:
            page = page_by_time(rows, field="listed_at", cursor=cursor, size=size)
        else:
            page = page_of_matches(
                rows, shelf=shelf, cursor=cursor, size=size, are_recent=are_recent
            )
        return [row.pk for row in page.rows], page.older

    return read


def page_of_passes(read: Reader, passes: int, cursor: str, size: int) -> tuple[list[int], str]:
    """Return the ids of a page and the cursor of the next: "<pass>,<time>,<id>", or "<pass>," at its
    start. Raises pages.CursorInvalid."""
    first, after = _pass_of(cursor, passes)
    ids: list[int] = []
    for number in range(first, passes):
        found, older = read(number, after, max(size - len(ids), 1))
        if len(ids) == size:
            if found:
                return ids, f"{number},"
            continue
        ids += found
        if older:
            return ids, f"{number},{older}"
        after = ""
    return ids, ""


def _pass_of(cursor: str, passes: int) -> tuple[int, str]:
    number, _comma, after = cursor.partition(",")
    if not cursor:
        return 0, ""
    # Python reads no number of thousands of digits, and no search has a hundred passes.
    is_number = number.isascii() and number.isdigit() and len(number) < 3
    if not is_number or int(number) >= passes:
        raise CursorInvalid(cursor)
    return int(number), after
