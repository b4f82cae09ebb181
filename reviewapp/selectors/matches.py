"""Reading what has words, newest first, without trusting a guess of how often words meet.

PostgreSQL multiplies how frequent words are. Of two frequent ones that hardly ever stand together it
expects many matches, and goes through the whole catalogue by time to find a page of them: two seconds
where there are a million products.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

from reviewapp.models import CatalogueEntry
from reviewapp.selectors.pages import Page, after, page_by_time

NEWEST_READ = 3_000
"""So many entries are gone through by time; where they do not fill a page, matches are rare enough to
be read and sorted all together."""


@contextmanager
def by_words() -> Iterator[None]:
    """Have the index of words read by what is asked inside, whatever is expected of another."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        yield


def page_of_matches(
    matches: QuerySet[CatalogueEntry],
    *,
    shelf: QuerySet[CatalogueEntry],
    cursor: str,
    size: int,
) -> Page[CatalogueEntry]:
    """Return one page of `matches`, newest first. Raises pages.CursorInvalid.

    shelf: entries that an index reads by time, all of `matches` among them
    """
    newest = after(shelf, field="listed_at", cursor=cursor).order_by("-listed_at", "-pk")
    oldest = newest.values_list("listed_at", flat=True)[NEWEST_READ : NEWEST_READ + 1].first()
    if oldest is None:
        return page_by_time(matches, field="listed_at", cursor=cursor, size=size)
    recent = matches.filter(listed_at__gte=oldest)
    page = page_by_time(recent, field="listed_at", cursor=cursor, size=size)
    if page.older:
        return page
    with by_words():
        return page_by_time(matches, field="listed_at", cursor=cursor, size=size)
