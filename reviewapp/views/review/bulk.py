"""Bulk mode: grids of near duplicates, settled with one look."""

from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.forms.review import BulkForm
from reviewapp.models import Category, ReviewItem
from reviewapp.selectors import rechecks
from reviewapp.selectors.review import bulk as selectors
from reviewapp.services import bulk
from reviewapp.services.bulk import BulkAnswer, BulkOutcome
from reviewapp.services.decisions import (
    CategoryRetired,
    ClaimLost,
    ConflictOfInterest,
    NotInBulk,
    ProductChanged,
)
from reviewapp.types import UserRequest
from reviewapp.views.review.access import may_review
from reviewapp.views.review.sections import sections


@require_GET
@may_review
def groups(request: UserRequest) -> HttpResponse:
    """The grids that one could take up, most urgent first."""
    context = {
        "tabs": sections(request, "review:bulk"),
        "groups": selectors.bulk_groups(moderator=request.user, now=timezone.now()),
        "looked_through": selectors.LOOKED_THROUGH,
        "is_demoted": rechecks.demotion_of(moderator_id=request.user.pk) is not None,
    }
    return render(request, "review/bulk.html", context)


@require_http_methods(["GET", "POST"])
@may_review
def grid(request: UserRequest, group: str, code: int) -> HttpResponse:
    """POST takes what is free of the grid; GET shows what the moderator holds of it."""
    group_key, category = _named(group, code)
    if request.method == "POST":
        bulk.claim_group(
            moderator=request.user, group_key=group_key, category=category, now=timezone.now()
        )
        return redirect("review:grid", group, code)
    return _grid_page(request, group_key, category)


@require_POST
@may_review
def decide(request: UserRequest, group: str, code: int) -> HttpResponse:
    """Confirm what is ticked, give back the rest; each refusal is shown with its product."""
    group_key, category = _named(group, code)
    form = BulkForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain")
    answers = [BulkAnswer(item, key, form.seen(item)) for item, key in form.keys().items()]
    outcome = bulk.decide_bulk(
        moderator=request.user,
        category=category,
        answers=answers,
        seconds=form.cleaned_data["seconds"],
        now=timezone.now(),
    )
    left = bulk.leave_out(moderator=request.user, item_ids=form.left_out)
    status = 409 if outcome.refused else 200
    return _grid_page(request, group_key, category, outcome=outcome, left=left, status=status)


@require_POST
@may_review
def undo(request: UserRequest) -> HttpResponse:
    """Take back the decisions of a grid; their products come back to the desk, one by one."""
    try:
        keys = {UUID(key): _undo_key(key) for key in request.POST.getlist("of")}
    except ValueError as error:
        raise Http404 from error
    count = bulk.undo_bulk(moderator=request.user, keys=keys, now=timezone.now())
    text = ngettext("%(count)d decision undone.", "%(count)d decisions undone.", count)
    text = text % {"count": count}
    if count < len(keys):
        text += " " + _("On the others something newer stands.")
    messages.success(request, text)
    return redirect("review:desk")


def _undo_key(key: str) -> UUID:
    """Return the same key for the same undo, so that a repeat changes nothing."""
    return uuid5(NAMESPACE_OID, f"undo {UUID(key)}")


def _named(group: str, code: int) -> tuple[int, Category]:
    category = get_object_or_404(Category.objects.select_related("family"), code=code)
    digits = group.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or int(digits) > 2**63 - 1:
        raise Http404
    return int(group), category


def _grid_page(
    request: UserRequest,
    group_key: int,
    category: Category,
    *,
    outcome: BulkOutcome | None = None,
    left: int = 0,
    status: int = 200,
) -> HttpResponse:
    items = selectors.grid_items(
        moderator=request.user, group_key=group_key, category=category, now=timezone.now()
    )
    context = {
        "category": category,
        "group": group_key,
        "tiles": [(item, uuid4()) for item in items],
        "items": ",".join(str(item.pk) for item in items),
        "outcome": outcome,
        "left": left,
        "refused": _refused(outcome) if outcome else [],
        "lease_seconds": settings.REVIEW_LEASE_SECONDS,
        "most": bulk.most_in_grid(),
    }
    return render(request, "review/grid.html", context, status=status)


def _refused(outcome: BulkOutcome) -> list[tuple[ReviewItem, str]]:
    items = ReviewItem.objects.select_related("product").in_bulk(outcome.refused)
    return [(items[pk], _why(why)) for pk, why in outcome.refused.items() if pk in items]


def _why(refusal: Exception) -> str:
    if isinstance(refusal, ClaimLost):
        decision = refusal.decision
        if decision is None or decision.category is None:
            return _("a colleague has it now; nothing was changed")
        values = {"name": decision.moderator, "category": decision.category}
        return _("%(name)s has decided meanwhile: %(category)s") % values
    if isinstance(refusal, ProductChanged):
        return _("its text or picture has changed; look at it again")
    if isinstance(refusal, ConflictOfInterest):
        return _("you sell it, have reported it or have appealed; somebody else must answer")
    if isinstance(refusal, NotInBulk):
        return _("something was asked about it; look at it by itself")
    if isinstance(refusal, CategoryRetired):
        return _("the category is no longer in use")
    return _("it was answered already")
