"""Keyset pages: as fast on the thousandth page as on the first. And what a choice offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
_MOST_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows. `older` is the cursor of the next page; empty on the last."""

    rows: list[Row]
    older: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """`size` rows, from place `start` on, of `total` that never change."""

    start: int
    size: int
    total: int

    @property
    def first(self) -> int:
        """The first row's number, as people count."""
        return self.start + 1

    @property
    def last(self) -> int:
        return min(self.start + self.size, self.total)

    @property
    def previous(self) -> int | None:
        """The place where the part before starts; None for the first one."""
        return max(0, self.start - self.size) if self.start else None

    @property
    def next(self) -> int | None:
        """The place where the part after starts; None for the last one."""
        return self.last if self.last < self.total else None


class CursorInvalid(ValueError):
    """The cursor in the address is not one of ours."""


def page_by_time(rows: QuerySet[Row], *, field: str, cursor: str, size: int) -> Page[Row]:
    """Return `size` rows, newest first by `field` and id, that come after `cursor`.

    A cursor is "<iso time>,<id>" of the last row seen. Raises CursorInvalid on any other text.
    """
    rows = after(rows, field=field, cursor=cursor)
    found = list(rows.order_by(f"-{field}", "-pk")[: size + 1])
    if len(found) <= size:
        return Page(found)
    last = found[size - 1]
    return Page(found[:size], older=f"{getattr(last, field).isoformat()},{last.pk}")


def after(rows: QuerySet[Row], *, field: str, cursor: str) -> QuerySet[Row]:
    """Keep the rows that come after `cursor`, all for an empty one. Raises CursorInvalid."""
    if not cursor:
        return rows
    moment, pk = _read(cursor)
    # The first condition is the one an index can start at.
    return rows.filter(Q(**{f"{field}__lte": moment})).filter(
        Q(**{f"{field}__lt": moment}) | Q(pk__lt=pk)
    )


def page_of_keys(
    keys: list[tuple[datetime, int]], *, cursor: str, size: int
) -> tuple[list[tuple[datetime, int]], str]:
    """Return the same page of (time, id) keys in memory, with the cursor of the next one."""
    newest_first = sorted(keys, reverse=True)
    if cursor:
        start = _read(cursor)
        newest_first = [key for key in newest_first if key < start]
    page = newest_first[:size]
    older = f"{page[-1][0].isoformat()},{page[-1][1]}" if len(newest_first) > size else ""
    return page, older


def newest_and_asked(rows: QuerySet[Row], asked: Iterable[str], most: int) -> list[Row]:
    """Return the `most` newest rows by id and those `asked` for by number, newest first.

    What is no number of one of the rows is passed over.
    """
    numbers = [int(one) for one in asked if one.isdecimal() and len(one) <= _MOST_DIGITS]
    newest = rows.order_by("-pk").values("pk")[:most]
    return list(rows.filter(Q(pk__in=newest) | Q(pk__in=numbers)).order_by("-pk"))


def _read(cursor: str) -> tuple[datetime, int]:
    moment, _comma, pk = cursor.partition(",")
    try:
        # A "+" in an address may arrive as a blank.
        when = datetime.fromisoformat(moment.replace(" ", "+"))
        number = int(pk)
    except ValueError as error:
        raise CursorInvalid(cursor) from error
    if when.tzinfo is None or not 0 <= number < 2**63:
        raise CursorInvalid(cursor)
    return when, number
