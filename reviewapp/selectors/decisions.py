"""The history: any decision found by who, what, why, when, or the product's own words."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet

from reviewapp.choices import ReviewReason, Verdict
from reviewapp.models import Decision, Product, User
from reviewapp.selectors.pages import Page, page_by_time, page_of_keys
from reviewapp.selectors.review.history import awaits_blind_answer

PAGE_SIZE = 25
# The same expression as the index product_search, or PostgreSQL will not use that.
_WORDS = SearchVector("designation", "description", config="french")
# Words that more products have in common do not find anything; the page asks for another one.
MOST_PRODUCTS = 2000


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """What to look for; empty fields do not limit. Any of `reasons` will do. `since` is inclusive,
    `until` exclusive."""

    moderator: int | None = None
    category: int | None = None
    verdict: Verdict | None = None
    reasons: tuple[ReviewReason, ...] = ()
    model_version: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


class TooManyProducts(Exception):
    """More than MOST_PRODUCTS products have these words."""


def search(*, query: DecisionQuery, reader: User, cursor: str = "") -> Page[Decision]:
    """Return a page of decisions, newest first. Raises pages.CursorInvalid, TooManyProducts.

    Decisions on a product that the reader may have to answer for blindly are left out until then.
    """
    rows = _limited(query, reader)
    if query.text:
        # Few enough to be sorted here: asked for in order, PostgreSQL would read the whole history
        # in the hope of meeting one soon.
        keys = rows.filter(product__in=_product_ids(query.text)).values_list("decided_at", "pk")
        found, older = page_of_keys(list(keys), cursor=cursor, size=PAGE_SIZE)
        return Page(_loaded([pk for _moment, pk in found]), older=older)
    page = page_by_time(rows.only("decided_at"), field="decided_at", cursor=cursor, size=PAGE_SIZE)
    return Page(_loaded([row.pk for row in page.rows]), older=page.older)


def _limited(query: DecisionQuery, reader: User) -> QuerySet[Decision]:
    limits = {
        "moderator": query.moderator,
        "category": query.category,
        "verdict": query.verdict,
        "model_version": query.model_version,
        "decided_at__gte": query.since,
        "decided_at__lt": query.until,
    }
    rows = Decision.objects.filter(~awaits_blind_answer(of=reader))
    if len(query.reasons) == 1:  # of which there is an index
        rows = rows.filter(reasons__contains=list(query.reasons))
    elif query.reasons:
        rows = rows.filter(reasons__overlap=list(query.reasons))
    given = {name: value for name, value in limits.items() if value is not None}
    return rows.filter(**given)


def _product_ids(text: str) -> list[int]:
    """Ids of products with that external id, or with all these words."""
    named = list(Product.objects.filter(external_id=text).values_list("pk", flat=True))
    if named:
        return named
    words = SearchQuery(text, config="french", search_type="websearch")
    ids = Product.objects.annotate(words=_WORDS).filter(words=words).values_list("pk", flat=True)
    found = list(ids.order_by()[: MOST_PRODUCTS + 1])
    if len(found) > MOST_PRODUCTS:
        raise TooManyProducts(text)
    return found


def _loaded(ids: list[int]) -> list[Decision]:
    """Return these decisions, newest first, with all that a row of the page shows.

    By several small statements: to plan one with eight joins takes longer than to run them all.
    """
    rows = Decision.objects.filter(pk__in=ids).select_related("product__image", "undone_by")
    wanted = rows.prefetch_related("moderator", "category", "suggested_category", "model_version")
    heavy = ("before", "product__description", "product__raw_description", "undone_by__before")
    return list(wanted.defer(*heavy).order_by("-decided_at", "-pk"))


def searchable_moderators() -> Q:
    """Limit users to those whose decisions can be searched for: who decides now, or ever has."""
    return Q(groups__permissions__codename="add_decision") | Q(watch__isnull=False)
