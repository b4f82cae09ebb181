"""Reading what has words, without trusting a guess of how often words meet.

PostgreSQL multiplies how frequent words are. Of two frequent ones that hardly ever stand together it
expects many matches, and goes through the whole catalogue by time to find a page of them: two seconds
where there are a million products. The index of words alone takes long for words that many
products have. So a few of the newest are looked at first.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from reviewapp.models import CatalogueEntry
from reviewapp.selectors.pages import Page, after, page_by_time

_Row = TypeVar("_Row")
Entries = QuerySet[CatalogueEntry]

NEWEST_READ = 3_000
"""So many entries are gone through by time; where they do not fill a page, matches are rare enough to
be read and sorted all together."""
FREQUENT = 0.05
"""From this share of the newest on, words are frequent: enough matches stand a little further on."""


@dataclass(frozen=True, slots=True)
class Matches(Generic[_Row]):
    """Some rows that match. are_recent: the newest of the shelf may fill a page of them"""

    rows: list[_Row]
    are_recent: bool = True


@contextmanager
def _read(*, time: str, words: str) -> Iterator[None]:
    """Have what is asked inside read by the index of time or by that of words, "on" or "off"."""
    with transaction.atomic(), connection.cursor() as cursor:
        # An index of words is read by a bitmap only, one of time cheaply without.
        cursor.execute(
            "SET LOCAL enable_seqscan = off;"
            f" SET LOCAL enable_indexscan = {time}; SET LOCAL enable_bitmapscan = {words}"
        )
        yield


def by_time() -> AbstractContextManager[None]:
    return _read(time="on", words="off")


def by_words() -> AbstractContextManager[None]:
    return _read(time="off", words="on")


def page_of_matches(
    matches: Entries, *, shelf: Entries, cursor: str, size: int, are_recent: bool = True
) -> Page[CatalogueEntry]:
    """Return one page of `matches`, newest first. Raises pages.CursorInvalid.

    shelf: entries that an index reads by time, all of `matches` among them
    are_recent: as `some_matches` has found it; False spares a look among the newest
    """
    if are_recent or cursor:
        oldest = _place(after(shelf, field="listed_at", cursor=cursor), NEWEST_READ)
        if oldest is None:
            return page_by_time(matches, field="listed_at", cursor=cursor, size=size)
        recent = matches.filter(listed_at__gte=oldest)
        with by_time():
            page = page_by_time(recent, field="listed_at", cursor=cursor, size=size)
        if page.older:
            return page
    with by_words():
        return page_by_time(matches, field="listed_at", cursor=cursor, size=size)


def some_matches(
    matches: QuerySet[CatalogueEntry, _Row],
    *,
    shelf: Entries,
    most: int,
    page: int,
    may_be_recent: bool = True,
) -> Matches[_Row]:
    """Return `most` of `matches`, or all if there are fewer, in no order.

    shelf: as above; page: how many make one
    may_be_recent: False where it is known that the newest of the shelf do not fill a page
    """
    oldest = _place(shelf, NEWEST_READ) if may_be_recent else None
    if oldest is None:
        with by_words():
            return Matches(list(matches[:most]), are_recent=may_be_recent)
    with by_time():
        newest = matches.filter(listed_at__gte=oldest).count()
    found = _among_newest(matches, shelf, most, newest / NEWEST_READ)
    if len(found) < most:
        with by_words():
            found = list(matches[:most])
    return Matches(found, are_recent=newest > page)


def _among_newest(
    matches: QuerySet[CatalogueEntry, _Row], shelf: Entries, most: int, share: float
) -> list[_Row]:
    """Return the first `most` on the way from the newest; none where matches are not frequent."""
    if share < FREQUENT:
        return []
    # Twice as far as they should reach: some times have fewer.
    limit = _place(shelf, round(2 * most / share))
    with by_time():
        return list(matches.filter(listed_at__gte=limit)[:most]) if limit else []


def _place(shelf: Entries, number: int) -> datetime | None:
    """Return when the entry at this place of the newest was listed, None when there are fewer."""
    newest = shelf.order_by("-listed_at", "-pk").values_list("listed_at", flat=True)
    return newest[number : number + 1].first()
