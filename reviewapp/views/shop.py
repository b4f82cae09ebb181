from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from reviewapp.forms.reports import ReportForm
from reviewapp.models import Category, Product, User
from reviewapp.selectors import reports, shop
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.services.measures import count_view


def index(request: HttpRequest) -> HttpResponse:
    """The whole catalogue: search results, or the aisles and what is new."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    if text:
        found = shop.search(text=text)
        context = {"q": text, "products": found, "is_cut": len(found) == shop.MATCHES_SHOWN}
        return render(request, "shop/results.html", context)
    page = shop.newest(category=None)
    return render(
        request, "shop/index.html", {"families": shop.aisles(), "products": page.rows[:8]}
    )


def aisle(request: HttpRequest, code: int) -> HttpResponse:
    """One category, newest first, or searched."""
    category = get_object_or_404(Category.objects.select_related("family"), code=code)
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    context = {"category": category, "q": text, "after": request.GET.get("after", "")}
    if text:
        context["products"] = shop.search(text=text, category=category)
    else:
        try:
            page = shop.newest(category=category, cursor=request.GET.get("after", ""))
        except CursorInvalid as error:
            raise Http404 from error
        context |= {"products": page.rows, "older": page.older}
    return render(request, "shop/category.html", context)


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
