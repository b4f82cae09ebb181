"""Looking back: own decisions with their undo, and everything decided about one product."""

from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from reviewapp.domain.review import reasons_to_tell
from reviewapp.models import Product
from reviewapp.selectors import review as selectors
from reviewapp.selectors.checks.disagreements import open_disagreement_on
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from reviewapp.views.review.sections import LEAD


@require_GET
@may_review
def history(request: UserRequest) -> HttpResponse:
    """The moderator's own answers; the last ones each have an undo button."""
    cursor = request.GET.get("after", "")
    try:
        page = selectors.decisions_of(moderator=request.user, cursor=cursor)
    except CursorInvalid as error:
        raise Http404 from error
    undoable = selectors.undoable_ids(moderator=request.user)
    rows = [(row, uuid4() if row.pk in undoable else None) for row in page.rows]
    context = {
        "rows": rows,
        "older": page.older,
        "after": cursor,
        "limit": settings.REVIEW_UNDO_LIMIT,
    }
    return render(request, "review/history.html", context)


@require_GET
@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
def provenance(request: UserRequest, product_id: int) -> HttpResponse:
    """Who decided what about a product, when, seeing which model's answer, and which label it left.

    While a blind answer is awaited, all of it is left out for everyone who may be handed the card
    next: whoever reads that there are answers knows the card as a check of one.
    """
    product = get_object_or_404(
        Product.objects.select_related("image", "category__family"), pk=product_id
    )
    is_blind = selectors.is_blind_now(product=product, reader=request.user)
    is_lead = request.user.has_perm(LEAD)
    past = [] if is_blind else selectors.past_of(product=product)
    rows = [(event, reasons_to_tell(event.decision.reasons, is_lead=is_lead)) for event in past]
    context = {
        "product": product,
        "rows": rows,
        "is_blind": is_blind,
        "disagreement": open_disagreement_on(product=product),
    }
    return render(request, "review/provenance.html", context)
