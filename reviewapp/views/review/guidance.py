"""Help beside the card, fetched after it: nearest confirmed products, what moved the models."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from reviewapp.choices import Queue, ReviewStatus
from reviewapp.domain.review import Claim, Hold, hold
from reviewapp.models import Explanation, ModelVersion, Product, ReviewItem
from reviewapp.selectors import review as selectors
from reviewapp.selectors.model_versions import champion
from reviewapp.selectors.workers import is_listening
from reviewapp.services.explanations import request_explanation
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from worker.tasks.explain import wake_explainer


@require_GET
@may_review
def neighbours(request: UserRequest, item_id: int) -> HttpResponse:
    """The nearest confirmed products of the card's first categories, as a fragment."""
    refusal = refuse_guidance(request, item_id)
    if refusal is not None:
        return refusal
    card = selectors.card(item_id=item_id, reader=request.user)
    near = selectors.neighbourhood(
        product=card.product, categories=[one.category for one in card.suggestions]
    )
    return _fragment(request, "review/_neighbours.html", {"near": near})


@require_http_methods(["GET", "POST"])
@may_review
def explanation(request: UserRequest, item_id: int) -> HttpResponse:
    """What moved the models, as a fragment: POST asks for it, GET tells how far it is."""
    refusal = refuse_guidance(request, item_id)
    if refusal is not None:
        return refusal
    product = ReviewItem.objects.select_related("product__image").get(pk=item_id).product
    version = champion()
    context: dict[str, object] = {"item_id": item_id, "version": version}
    if version is not None:
        row = _explanation(request, product, version)
        context["explanation"] = row
        context["moved"] = row and selectors.moved(explanation=row, image=product.image)
    context["is_listening"] = is_listening(queue=Queue.INFERENCE, now=timezone.now())
    return _fragment(request, "review/_explanation.html", context)


def _explanation(
    request: UserRequest, product: Product, version: ModelVersion
) -> Explanation | None:
    if request.method == "GET":
        return selectors.explanation_of(product=product, version=version)
    row, must_tell = request_explanation(product=product, version=version, now=timezone.now())
    if must_tell:
        wake_explainer(row.pk)
    return row


def refuse_guidance(request: UserRequest, item_id: int) -> HttpResponse | None:
    """Only the holder of an item gets help with it, and nobody before a blind answer:
    all of it begins with what the models said."""
    item = get_object_or_404(ReviewItem, pk=item_id)
    claim = Claim(ReviewStatus(item.status), item.claimed_by_id, item.claim_expires_at)
    if hold(claim, request.user.pk, timezone.now()) is not Hold.MINE:
        return HttpResponse(_("You do not hold this product."), status=409)
    if item.is_blind:
        return HttpResponse(_("This is a blind check: help comes after the answer."), status=403)
    return None


def _fragment(
    request: UserRequest, template: str, context: dict[str, object], status: int = 200
) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response
