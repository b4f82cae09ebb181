import uuid

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from reviewapp.domain.images import ImageRefused
from reviewapp.domain.products import ProductRefused
from reviewapp.forms.seller import PreviewForm
from reviewapp.models import CategoryPreview, ProductImage
from reviewapp.network import count_person
from reviewapp.selectors.previews import look_ahead, preview_of
from reviewapp.selectors.seller import products_of
from reviewapp.services import limits
from reviewapp.services.previews import request_preview
from reviewapp.types import UserRequest
from worker.tasks.previews import expect_previews, wake_previews

_may_sell = permission_required("reviewapp.add_product", raise_exception=True)


@require_POST
@login_required
@_may_sell
def ask(request: UserRequest, product_id: int | None = None) -> HttpResponse:
    """Ask the models about the draft in the form; as a fragment, or as a page without scripts."""
    form = PreviewForm(request.POST, request.FILES)
    kept = _kept_image(request, product_id)
    if not form.is_valid():
        refused = [str(error) for errors in form.errors.values() for error in errors]
        return _refused(request, " ".join(refused))
    if form.cleaned_data["remove_image"]:
        kept = None
    if not form.has_input(kept):
        return _refused(request, _("Write a title or choose a picture first."))
    try:
        count_person(request, "previews")
        row = _request(request, form, kept)
    except limits.LimitReached as reached:
        return _too_many(request, reached)
    except (ImageRefused, ProductRefused) as refusal:
        return _refused(request, refusal.message)
    if not request.htmx:
        return redirect("seller:preview-answer", row.pk)
    return _answer(request, row)


@require_safe
@login_required
@_may_sell
def show(request: UserRequest, preview_id: uuid.UUID) -> HttpResponse:
    """The answer to a draft, or that it is still awaited."""
    row = preview_of(seller=request.user, preview_id=preview_id)
    if row is not None:
        return _answer(request, row)
    if request.htmx:
        return _refused(request, _("This look ahead has expired. Ask again."))
    raise Http404


def _request(request: UserRequest, form: PreviewForm, kept: ProductImage | None) -> CategoryPreview:
    given = form.cleaned_data
    expect_previews()
    row, is_new = request_preview(
        seller=request.user,
        designation=given["designation"],
        description=given["description"],
        image=given["image"],
        kept_image=kept,
        replaces=given["preview"],
        now=timezone.now(),
    )
    if is_new:
        wake_previews()
    return row


def _kept_image(request: UserRequest, product_id: int | None) -> ProductImage | None:
    if product_id is None:
        return None
    product = products_of(request.user).filter(pk=product_id).first()
    if product is None:
        raise Http404
    return product.image


def _answer(request: UserRequest, row: CategoryPreview) -> HttpResponse:
    return _draw(request, {"ahead": look_ahead(row, now=timezone.now())})


def _refused(request: UserRequest, problem: str) -> HttpResponse:
    return _draw(request, {"problem": problem}, status=422)


def _too_many(request: UserRequest, reached: limits.LimitReached) -> HttpResponse:
    seconds = {"seconds": reached.retry_after}
    problem = _("Too many looks ahead. The next one is possible in %(seconds)s seconds.") % seconds
    answer = _draw(request, {"problem": problem}, status=429)
    answer["Retry-After"] = str(reached.retry_after)
    return answer


def _draw(request: UserRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    is_fragment = request.htmx and not request.htmx.boosted
    template = "seller/_preview.html" if is_fragment else "seller/preview.html"
    answer = render(request, template, context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
