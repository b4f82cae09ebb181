from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from reviewapp.choices import ProductStatus
from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import Outcome, ProductRefused, seller_source
from reviewapp.domain.search import clean_query
from reviewapp.forms.appeals import AppealForm
from reviewapp.forms.seller import EditProductForm, NewProductForm, ProductForm, TokenForm
from reviewapp.models import Product
from reviewapp.network import count_person
from reviewapp.selectors import seller as selectors
from reviewapp.selectors.appeals import contestable
from reviewapp.selectors.embedding import live_origins
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.selectors.review.taxonomy import guides
from reviewapp.selectors.statements import history
from reviewapp.selectors.suggestions import suggestion_for
from reviewapp.selectors.tokens import tokens_of
from reviewapp.services import limits
from reviewapp.services.catalog import IngestOutcome, ingest_product
from reviewapp.services.embedding import product_token
from reviewapp.services.suggestions import record_suggestion
from reviewapp.services.tokens import issue_token, revoke_token
from reviewapp.types import UserRequest
from worker.tasks.classify import wake_workers
from worker.tasks.previews import expect_previews

_SENT_TWICE = timedelta(minutes=10)
_may_sell = permission_required("reviewapp.add_product", raise_exception=True)


@require_safe
@login_required
@_may_sell
def products(request: UserRequest) -> HttpResponse:
    """The seller's own products; while some are being classified the table asks again by itself."""
    status = request.GET.get("status", "")
    cursor = request.GET.get("after", "")
    text = clean_query(request.GET.get("q", ""))
    if status and status not in ProductStatus.values:
        raise Http404
    try:
        page = selectors.page_of(seller=request.user, status=status, text=text, cursor=cursor)
    except CursorInvalid as error:
        raise Http404 from error
    shown = selectors.standings(page.rows)
    context = {
        "standings": shown,
        "older": page.older,
        "status": status,
        "text": text,
        "after": cursor,
        "tabs": _tabs(status, text),
        "is_moving": any(standing.is_being_classified for standing in shown),
    }
    is_fragment = request.htmx and not request.htmx.boosted
    return render(request, "seller/_table.html" if is_fragment else "seller/products.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@_may_sell
def add(request: UserRequest) -> HttpResponse:
    """Put a new product in."""
    form = NewProductForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        if _is_taken(request, form):
            form.add_error("external_id", _("You already have a product with this reference."))
        elif arrived := _ingest(form, seller_source(request.user.pk), form.chosen_id, request):
            return redirect("seller:product", arrived.product.pk)
    return _form_page(request, "seller/add.html", form, {})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@_may_sell
def edit(request: UserRequest, product_id: int) -> HttpResponse:
    """Change a product; it keeps its place while the change is classified."""
    product = own_product(request, product_id)
    if request.method != "POST":
        return _form_page(
            request, "seller/edit.html", EditProductForm.of(product), {"product": product}
        )
    form = EditProductForm(request.POST, request.FILES)
    if form.is_valid():
        arrived = _ingest(form, product.source, product.external_id, request)
        if arrived is not None:
            changed = arrived.outcome != Outcome.UNCHANGED
            messages.success(request, _("Saved.") if changed else _("Nothing has changed."))
            return redirect("seller:product", product.pk)
    return _form_page(request, "seller/edit.html", form, {"product": product})


@require_safe
@login_required
@_may_sell
def product(request: UserRequest, product_id: int) -> HttpResponse:
    """One product, where it stands, and what was decided; as a fragment only where it stands."""
    found = own_product(request, product_id)
    if request.htmx and not request.htmx.boosted:
        standing = selectors.standing(found, selectors.categories_by_code())
        context = {"standing": standing, "product": found, "said": suggestion_for(found)}
        return render(request, "seller/_state.html", context)
    return product_page(request, found, form=AppealForm())


def product_page(
    request: UserRequest, found: Product, *, form: AppealForm, status: int = 200
) -> HttpResponse:
    """Draw the page of one product with its history and the appeal's `form`."""
    categories = selectors.categories_by_code()
    context = {
        "standing": selectors.standing(found, categories),
        "product": found,
        "said": suggestion_for(found),
        "history": history(product=found, categories=categories),
        "contestable": contestable(product=found, now=timezone.now()),
        "form": form,
    }
    if live_origins():
        context["report_token"] = product_token(found)
        context["script"] = request.build_absolute_uri(reverse("embed-script"))
    return render(request, "seller/product.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@_may_sell
def tokens(request: UserRequest) -> HttpResponse:
    """The seller's API tokens. A new one is shown in the answer to its form, and never again."""
    form = TokenForm(request.POST or None)
    issued = None
    if request.method == "POST" and form.is_valid():
        issued = issue_token(user=request.user, lifetime=form.lifetime)
    response = render(
        request,
        "seller/tokens.html",
        {
            "form": form if form.errors else TokenForm(),
            "issued": issued,
            "header": f"Authorization: Token {issued.secret[:8]}…" if issued else "",
            "tokens": tokens_of(request.user),
            "endpoint": request.build_absolute_uri(reverse("api:products")),
        },
        status=422 if form.errors else 200,
    )
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
@_may_sell
def revoke(request: UserRequest) -> HttpResponse:
    """End one of the seller's tokens."""
    digest = request.POST.get("digest", "").replace("\x00", "")
    if revoke_token(user=request.user, digest=digest):
        messages.success(request, _("The token is revoked."))
    else:
        messages.info(request, _("This token was already revoked or has expired."))
    return redirect("seller:tokens")


def _tabs(status: str, text: str) -> list[dict[str, Any]]:
    here = reverse("seller:products")
    choices = [("", _("All")), *((choice.value, choice.label) for choice in ProductStatus)]
    return [
        {
            "url": f"{here}?{urlencode({'status': value, 'q': text})}" if value or text else here,
            "label": label,
            "active": value == status,
        }
        for value, label in choices
    ]


def own_product(request: UserRequest, product_id: int) -> Product:
    """The seller's product with its answers; another's is as absent as one that never was."""
    found = selectors.with_answers(selectors.products_of(request.user)).filter(pk=product_id)
    product = found.first()
    if product is None:
        raise Http404
    return product


def _is_taken(request: UserRequest, form: NewProductForm) -> bool:
    """Say whether a typed reference is in use: adding must not overwrite another product.

    One of the same name that has just come is the same form, sent twice.
    """
    given = form.cleaned_data
    of_reference = selectors.products_of(request.user).filter(
        source=seller_source(request.user.pk), external_id=given["external_id"]
    )
    others = of_reference.exclude(
        designation=given["designation"], arrived_at__gte=timezone.now() - _SENT_TWICE
    )
    return bool(given["external_id"]) and others.exists()


def _ingest(
    form: ProductForm, source: str, external_id: str, request: UserRequest
) -> IngestOutcome | None:
    """Store what the form holds; None when it was refused, with the reason in the form."""
    given = form.cleaned_data
    try:
        count_person(request, "ingest")
        arrived = ingest_product(
            source=source,
            external_id=external_id,
            designation=given["designation"],
            description=given["description"],
            language=given["language"],
            image=given["image"],
            remove_image=given.get("remove_image", False),
            seller=request.user,
            now=timezone.now(),
        )
    except limits.LimitReached as reached:
        form.wait_seconds = reached.retry_after
        words = _("Too many products. The next one is possible in %(seconds)s seconds.")
        form.add_error(None, words % {"seconds": reached.retry_after})
        return None
    except ImageRefused as refused:
        form.add_error("image", refused.message)
        return None
    except ProductRefused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.message)
        return None
    if arrived.outcome != Outcome.UNCHANGED:
        wake_workers()
    if given["suggested"] is not None:
        record_suggestion(
            product=arrived.product,
            seller=request.user,
            category=given["suggested"],
            preview_id=given["preview"],
            now=timezone.now(),
        )
    return arrived


def _form_page(
    request: UserRequest, template: str, form: ProductForm, context: dict[str, Any]
) -> HttpResponse:
    expect_previews()
    context["guides"] = guides()
    status = 429 if form.wait_seconds else 422 if form.errors else 200
    answer = render(request, template, {"form": form, **context}, status=status)
    if form.wait_seconds:
        answer["Retry-After"] = str(form.wait_seconds)
    return answer
