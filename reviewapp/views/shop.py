"""The shop: everybody may look, only listed products are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from reviewapp.domain.search import clean_query
from reviewapp.forms.reports import ReportForm
from reviewapp.models import Category, CategoryFamily, Product, User
from reviewapp.selectors import reports, shop
from reviewapp.selectors.facets import MONTH, WEEK, Facets, Filters, Value
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.selectors.search import search
from reviewapp.services.measures import count_view

_NEWEST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet with the address that makes the choice, or takes it back."""

    value: Value
    url: str


def index(request: HttpRequest) -> HttpResponse:
    """The whole catalogue: what was searched or narrowed, or the category tree and what is new."""
    text, filters = clean_query(request.GET.get("q", "")), _filters(request, category=None)
    if text or filters or request.GET.get("after"):
        return _results(request, text, filters)
    shelf = shop.newest(filters=filters, size=_NEWEST_SHOWN)
    context = {"families": shop.aisles(), "shelf": shelf, "newest": shelf.products}
    return render(request, "shop/index.html", context)


def aisle(request: HttpRequest, code: int) -> HttpResponse:
    """One category, newest first, or searched."""
    category = get_object_or_404(Category.objects.select_related("family"), code=code)
    text = clean_query(request.GET.get("q", ""))
    return _results(request, text, _filters(request, category=category))


def product(request: HttpRequest, product_id: int) -> HttpResponse:
    """One listed product. Anything else is not there for a buyer."""
    shown = get_object_or_404(shop.listed_products(), pk=product_id)
    if request.method == "GET" and shown.category is not None:
        count_view(family_id=shown.category.family_id, now=timezone.now())
    return render(request, "shop/product.html", product_context(request, shown))


def product_context(request: HttpRequest, shown: Product) -> dict[str, object]:
    """What the product page and its report box need."""
    user = request.user
    mine = reports.open_report(product=shown, reporter=user) if isinstance(user, User) else None
    return {"product": shown, "report": mine, "form": ReportForm()}


def _filters(request: HttpRequest, category: Category | None) -> Filters:
    """Read the filters of the address; a value that names nothing filters nothing."""
    asked = request.GET
    family = None
    if category is None and (slug := asked.get("family", "")):
        family = CategoryFamily.objects.filter(slug=slug.replace("\x00", "")).first()
    days = asked.get("days", "")
    return Filters(
        now=timezone.now(),
        family=family,
        category=category,
        language=asked.get("language", "").replace("\x00", "")[:5],
        with_picture=asked.get("picture") == "1",
        days=int(days) if days in {str(WEEK), str(MONTH)} else 0,
    )


def _results(request: HttpRequest, text: str, filters: Filters) -> HttpResponse:
    after = request.GET.get("after", "")
    context: dict[str, object] = {"q": text, "filters": filters, "after": after}
    try:
        if text:
            found = search(text=text, filters=filters, cursor=after)
            context |= {"found": found, "products": found.products, "older": found.older}
            facets, context["count"] = found.facets, found.count
        else:
            shelf = shop.newest(filters=filters, cursor=after)
            context |= {"shelf": shelf, "products": shelf.products, "older": shelf.older}
            facets, context["count"] = shelf.facets, shelf.count
    except CursorInvalid as error:
        raise Http404 from error
    context |= {"choices": _choices(request, filters, facets), "here": request.path}
    context["kept"] = {k: v for k, v in request.GET.items() if k in _FACETS}
    context["first_query"] = _query(request)
    context["next_query"] = _query(request, after=str(context["older"]))
    context["unfiltered_url"] = f"{reverse('shop:index')}?{urlencode({'q': text})}"
    return render(request, "shop/results.html", context)


_FACETS = ("family", "language", "picture", "days")


def _choices(request: HttpRequest, filters: Filters, facets: Facets) -> dict[str, list[Choice]]:
    return {
        "families": list(_each(request, "family", facets.families)) if not filters.category else [],
        "categories": [
            Choice(
                value, f"{reverse('shop:category', args=[value.key])}?{_query(request, family='')}"
            )
            for value in facets.categories
            if value.count
        ],
        "languages": list(_each(request, "language", facets.languages)),
        "pictures": list(_each(request, "picture", [facets.with_picture])),
        "recency": list(_each(request, "days", facets.recency)),
    }


def _each(request: HttpRequest, name: str, values: list[Value]) -> Iterator[Choice]:
    for value in values:
        if not value.count and not value.is_chosen:
            continue
        changed = {name: "" if value.is_chosen else value.key}
        yield Choice(value, f"{request.path}?{_query(request, **changed)}")


def _query(request: HttpRequest, **changed: str) -> str:
    """Return the query of this address with changes; an empty value goes, and so does the page."""
    kept = {k: v for k, v in request.GET.items() if k in {"q", *_FACETS}} | changed
    return urlencode({name: value for name, value in kept.items() if value})
