"""Answers: decide, skip, ask a lead, undo. Each works as a form and for the desk's script."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from reviewapp.choices import SkipReason, Verdict
from reviewapp.domain.review import UndoRefusal
from reviewapp.forms.review import AnswerForm, DecisionForm, EscalateForm, SkipForm, UndoForm
from reviewapp.models import Category, Decision, ReviewItem
from reviewapp.selectors import review as selectors
from reviewapp.services import decisions, review
from reviewapp.templatetags.ui import confidence_percent
from reviewapp.types import UserRequest
from reviewapp.views.review.access import is_script, may_review
from reviewapp.views.review.desk import (
    card_response,
    desk_address,
    queue_asked,
    render_desk,
    to_the_held,
)


@require_POST
@may_review
def decide(request: UserRequest, item_id: int) -> HttpResponse:
    form = DecisionForm(request.POST)
    return _take(
        request,
        item_id,
        form,
        lambda data: decisions.decide(
            item_id=item_id,
            moderator=request.user,
            category=data["category"],
            client_key=data["client_key"],
            seconds=data["seconds"],
            seen_digest=data["seen"],
            now=timezone.now(),
        ),
    )


@require_POST
@may_review
def skip(request: UserRequest, item_id: int) -> HttpResponse:
    form = SkipForm(request.POST)
    return _take(
        request,
        item_id,
        form,
        lambda data: decisions.skip(
            item_id=item_id,
            moderator=request.user,
            reason=SkipReason(data["reason"]),
            client_key=data["client_key"],
            seconds=data["seconds"],
            now=timezone.now(),
        ),
    )


@require_POST
@may_review
def escalate(request: UserRequest, item_id: int) -> HttpResponse:
    form = EscalateForm(request.POST)
    return _take(
        request,
        item_id,
        form,
        lambda data: decisions.escalate(
            item_id=item_id,
            moderator=request.user,
            comment=data["comment"],
            client_key=data["client_key"],
            seconds=data["seconds"],
            now=timezone.now(),
        ),
    )


@require_POST
@may_review
def undo(request: UserRequest) -> HttpResponse:
    """Take back one answer, by its client key, or the newest; the item comes back as a card."""
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _refuse(request, 422, errors=form.errors)
    target = _undo_target(request, form)
    if target is None:
        return _refuse(request, 409, _("Not undone"), text=_("There is nothing left to undo."))
    try:
        record = decisions.undo(
            decision_id=target.pk,
            moderator=request.user,
            client_key=form.cleaned_data["client_key"],
            page=form.cleaned_data["page"],
            now=timezone.now(),
        )
    except decisions.UndoRefused as refused:
        return _refuse(request, 409, _("Not undone"), text=why_not_undone(refused.refusal))
    except decisions.KeyReused:
        return _refuse(
            request,
            409,
            _("Not undone"),
            text=_("This undo was already used for another decision."),
        )
    return _undone(request, record)


def _undone(request: UserRequest, record: Decision) -> HttpResponse:
    """The card that is back; or the word that it is not, when its author is a party to it now."""
    is_back = record.item.claimed_by_id == request.user.pk
    if is_script(request) and is_back:
        return card_response(request, record.item_id)
    text = _("Undone. The product is back with you.")
    if not is_back:
        text = _("Undone. The product does not come back to you: you are a party to it now.")
    if is_script(request):
        return render(request, "review/_undone.html", {"text": text})
    messages.success(request, text)
    return redirect(desk_address(queue_asked(request)))


def _take(
    request: UserRequest,
    item_id: int,
    form: AnswerForm,
    answer: Callable[[dict[str, Any]], Decision],
) -> HttpResponse:
    """Check, hand to the service, and tell the outcome; every refusal has its own words."""
    if not form.is_valid():
        return _refuse(request, 422, errors=form.errors)
    try:
        decision = answer(form.cleaned_data)
    except ReviewItem.DoesNotExist as error:
        if is_script(request):
            return HttpResponse(status=404)  # the desk's own word: an error page would not be one
        raise Http404 from error
    except decisions.ClaimLost as lost:
        context = {"lost": lost, "mine": form.cleaned_data.get("category")}
        return _conflict(request, "review/_claim_lost.html", context)
    except decisions.ProductChanged as changed:
        return _conflict(request, "review/_changed.html", {"item": changed.item})
    except (decisions.ConflictOfInterest, decisions.KeyReused) as refused:
        return _refuse(request, 409, text=_why_not_taken(refused))
    except decisions.CategoryRetired as retired:
        text = _("Category %(code)s is no longer in use. Choose another one.")
        return _refuse(request, 422, text=text % {"code": retired.code})
    if is_script(request):
        return JsonResponse(_outcome(decision))
    messages.success(request, _outcome(decision)["text"])
    return _next_by_page(request)


def _why_not_taken(refused: Exception) -> str:
    if isinstance(refused, decisions.KeyReused):
        return _("This answer was already used for another product.")
    return _("You sell this product, have reported it or have appealed: somebody else must answer.")


def _next_by_page(request: UserRequest) -> HttpResponse:
    """Without a script the next item is claimed right away, so that one press does both."""
    queue = queue_asked(request)
    try:
        review.claim_next(moderator=request.user, now=timezone.now(), queue=queue)
    except review.TooManyHeld as full:
        # The answer before it is saved, and has been acknowledged.
        return to_the_held(request, full)
    return redirect(desk_address(queue))


def _undo_target(request: UserRequest, form: UndoForm) -> Decision | None:
    of = form.cleaned_data["of"]
    if of is not None:
        return Decision.objects.filter(client_key=of, moderator=request.user).first()
    # A repeat of "undo the newest" means the one it took back the first time.
    record = Decision.objects.filter(client_key=form.cleaned_data["client_key"]).first()
    if record is not None:
        return record.undoes
    return selectors.latest_undoable(moderator=request.user)


def _refuse(
    request: UserRequest, status: int, title: str = "", *, text: str = "", errors: Any = None
) -> HttpResponse:
    context = {"title": title or _("Not saved"), "text": text, "errors": errors or {}}
    return _conflict(request, "review/_refused.html", context, status)


def _conflict(
    request: UserRequest, template: str, context: dict[str, Any], status: int = 409
) -> HttpResponse:
    """Show what stands in the way: a fragment for the script, the whole desk for a form."""
    if is_script(request):
        return render(request, template, context, status=status)
    return render_desk(request, status=status, notice=template, **context)


def _outcome(decision: Decision) -> dict[str, Any]:
    """What the desk says after an answer, and after a blind one what the models had said."""
    return {
        "decision": decision.pk,
        "text": _saved_text(decision),
        "said": _models_said(decision) if decision.is_blind else "",
    }


def _saved_text(decision: Decision) -> str:
    if decision.verdict == Verdict.SKIPPED:
        return _("Skipped. A colleague will see it.")
    if decision.verdict == Verdict.ESCALATED:
        return _("Passed on to a lead.")
    return _("Saved: %(category)s") % {"category": decision.category}


def _models_said(decision: Decision) -> str:
    if decision.verdict not in (Verdict.CONFIRMED, Verdict.CORRECTED):
        return ""
    suggested: Category | None = decision.suggested_category
    if suggested is None:
        return _("The models had no answer to this product.")
    fusion = selectors.fusion_confidence(decision=decision)
    values = {"category": suggested, "confidence": confidence_percent(fusion)}
    if decision.verdict == Verdict.CONFIRMED:
        return _("FUSION had said the same, %(confidence)s sure.") % values
    return _("FUSION had said %(category)s, %(confidence)s sure.") % values


def why_not_undone(refusal: UndoRefusal) -> str:
    """Say in words why a decision stands."""
    return {
        UndoRefusal.NOT_YOURS: _("Only its author can undo a decision."),
        UndoRefusal.TOO_OLD: _("This decision is too far back to be undone."),
        UndoRefusal.NEWER_DECISION: _("A newer decision stands on this product."),
        UndoRefusal.NEW_ITEM: _("The product is in review again: decide it there."),
        UndoRefusal.CASE_CLOSED: _("This case has been closed since: there is nothing to undo."),
        UndoRefusal.WITH_COLLEAGUE: _("A colleague is looking at this product now."),
        UndoRefusal.PRODUCT_CHANGED: _("The product has changed since; it was left as it is."),
    }[refusal]
