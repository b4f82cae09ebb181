"""The desk: the page, taking the next item, staying alive, leaving."""

import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from reviewapp.choices import SkipReason
from reviewapp.domain.keys import keys_of
from reviewapp.domain.queues import EVERYTHING, ReviewQueue, parse
from reviewapp.forms.review import ClaimForm, ItemsForm, QueueForm, SaveFilterForm
from reviewapp.models import ReviewItem, User
from reviewapp.selectors import review as selectors
from reviewapp.selectors.saved_filters import default_queue, queue_name, saved_filters
from reviewapp.services import review
from reviewapp.types import UserRequest
from reviewapp.views.review.access import is_script, may_review


@require_GET
@may_review
def desk(request: UserRequest) -> HttpResponse:
    """The page. It shows what the moderator holds and no open page shows, and takes nothing:
    claiming is a POST."""
    if "filter" in request.GET:
        return redirect(desk_address(QueueForm(request.GET).queue()))
    if "queue" not in request.GET:
        default = default_queue(owner=request.user)
        if default is not None:
            return redirect(desk_address(default))
    return render_desk(request)


def render_desk(request: UserRequest, status: int = 200, **extra: Any) -> HttpResponse:
    """Draw the whole page around the item held, if any; `extra` adds to the context."""
    queue = queue_asked(request)
    now = timezone.now()
    item_id = selectors.held_item_id(moderator=request.user, now=now, queue=queue)
    context = {
        **card_context(request, item_id),
        "keys_json": json.dumps(_keys(request.user)),
        "guides": selectors.personal_guides(moderator=request.user),
        "state": selectors.queue_state(moderator=request.user, now=now, queue=queue),
        **(_why_empty(request, queue) if item_id is None else {}),
        "queue_form": QueueForm.showing(queue),
        "queue": str(queue),
        "queue_name": queue_name(queue),
        "save_form": SaveFilterForm(),
        "saved_filters": saved_filters(owner=request.user),
        "lease_seconds": settings.REVIEW_LEASE_SECONDS,
        **extra,
    }
    return render(request, "review/desk.html", context, status=status)


@require_POST
@may_review
def claim(request: UserRequest) -> HttpResponse:
    """Hand out the next item: as a card for the desk's script, else by way of the page.

    Without an item the answer says why, and carries `Desk-State: empty`.
    """
    form = ClaimForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain")
    now = timezone.now()
    queue = parse(form.cleaned_data["queue"])
    if form.cleaned_data["take"]:
        review.take_over(
            moderator=request.user, now=now, page=form.cleaned_data["page"], queue=queue
        )
    try:
        item_id = review.claim_next(
            moderator=request.user,
            now=now,
            queue=queue,
            have=form.cleaned_data["have"],
            page=form.cleaned_data["page"],
        )
    except review.TooManyHeld as full:
        if not is_script(request):
            return to_the_held(request, full)
        return _full(request, full, queue, form.cleaned_data["page"])
    if not is_script(request):
        return redirect(desk_address(queue))
    if item_id is None:
        state = selectors.queue_state(
            moderator=request.user,
            now=now,
            queue=queue,
            page=form.cleaned_data["page"],
            answered=form.cleaned_data["have"],
        )
        empty = render(
            request,
            "review/_empty.html",
            {
                "state": state,
                "client_key": uuid4(),
                "queue_name": queue_name(queue),
                **_why_empty(request, queue),
            },
        )
        empty["Desk-State"] = "empty"
        return empty
    return card_response(request, item_id)


def _why_empty(request: UserRequest, queue: ReviewQueue) -> dict[str, Any]:
    """Context of review/_empty.html beyond the numbers that stand above every card."""
    found = selectors.out_of_reach(moderator=request.user, now=timezone.now(), queue=queue)
    return {"out_of_reach": found}


def _full(
    request: UserRequest, full: review.TooManyHeld, queue: ReviewQueue, page: UUID | None
) -> HttpResponse:
    """Tell the script that this page gets no more while the person's other pages hold so many."""
    state = selectors.queue_state(
        moderator=request.user, now=timezone.now(), queue=queue, page=page
    )
    response = render(request, "review/_full.html", {"held": full.held, "state": state})
    response["Desk-State"] = "full"
    return response


def to_the_held(request: UserRequest, full: review.TooManyHeld) -> HttpResponse:
    """Tell that no more is handed out, and show the desk unfiltered: there the held ones are."""
    text = ngettext(
        "You hold %(count)d product already. Answer it first, then take more.",
        "You hold %(count)d products already. Answer these first, then take more.",
        full.held,
    )
    messages.warning(request, text % {"count": full.held})
    return redirect(desk_address(EVERYTHING))


def card_response(request: UserRequest, item_id: int) -> HttpResponse:
    """The card alone, as the desk's script swaps it in; the page holds the list of categories."""
    response = render(request, "review/_card.html", card_context(request, item_id))
    response["Desk-State"] = "card"
    response["Cache-Control"] = "no-store"
    return response


def card_context(request: UserRequest, item_id: int | None) -> dict[str, Any]:
    """Context of review/_card.html."""
    return {
        "card": None if item_id is None else selectors.card(item_id=item_id, reader=request.user),
        "client_key": uuid4(),
        "skip_reasons": SkipReason.choices,
        "keys": _keys(request.user),
    }


def _keys(user: User) -> dict[str, str]:
    return keys_of(user.desk_keys, has_characters=user.has_character_keys)


@require_POST
@may_review
def heartbeat(request: UserRequest) -> HttpResponse:
    """Renew the leases of the items on the page; answer which are still the moderator's."""
    form = ItemsForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain")
    kept = review.extend_claims(
        moderator=request.user,
        item_ids=form.cleaned_data["items"],
        page=form.cleaned_data["page"],
        now=timezone.now(),
    )
    return JsonResponse({"kept": kept})


@require_GET
@may_review
def lost(request: UserRequest, item_id: int) -> HttpResponse:
    """The conflict card of an item whose lease went to somebody else before it was answered."""
    try:
        found = selectors.lost_claim(item_id=item_id)
    except ReviewItem.DoesNotExist as error:
        raise Http404 from error
    return render(request, "review/_claim_lost.html", {"lost": found, "unanswered": True})


@require_GET
@may_review
def held(request: UserRequest) -> HttpResponse:
    """Who holds what at this moment."""
    rows = selectors.held_by_colleagues(moderator=request.user, now=timezone.now())
    return render(request, "review/_held.html", {"rows": rows})


@require_POST
@may_review
def leave(request: UserRequest) -> HttpResponse:
    """The page was left (a beacon): its items go free after a pause that a reload survives."""
    form = ItemsForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain")
    review.leave_items(
        moderator=request.user,
        item_ids=form.cleaned_data["items"],
        page=form.cleaned_data["page"],
        now=timezone.now(),
    )
    return HttpResponse(status=204)


@require_POST
@may_review
def unskip(request: UserRequest) -> HttpResponse:
    """Offer the moderator again what he or she skipped."""
    count = review.forget_skips(moderator=request.user)
    text = ngettext(
        "%(count)d skipped product is back in your queue.",
        "%(count)d skipped products are back in your queue.",
        count,
    )
    messages.info(request, text % {"count": count})
    return redirect(desk_address(queue_asked(request)))


@require_GET
@may_review
def counts(request: UserRequest) -> HttpResponse:
    """The line of numbers above the card; the page asks for it every few seconds."""
    form = ItemsForm(request.GET)
    page = form.cleaned_data["page"] if form.is_valid() else None
    state = selectors.queue_state(
        moderator=request.user, now=timezone.now(), queue=queue_asked(request), page=page
    )
    return render(request, "review/_counts.html", {"state": state, "page": page})


@require_GET
@may_review
def guide(request: UserRequest) -> HttpResponse:
    """Every category with its rules, to read or print."""
    return render(request, "review/guide.html", {"guides": selectors.guides()})


def queue_asked(request: HttpRequest) -> ReviewQueue:
    """The queue that the address or the form names; everything when they name none."""
    return parse(request.GET.get("queue", "") or request.POST.get("queue", ""))


def desk_address(queue: ReviewQueue) -> str:
    """Return the desk's address; it names the queue of everything too, or a default would open."""
    return f"{reverse('review:desk')}?{urlencode({'queue': str(queue)})}"
