"""Disagreements, for leads: which wait, both answers side by side, and the lead's word."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.choices import AdjudicationCause, DisagreementKind
from reviewapp.forms.leads import UndoWordForm, WordForm
from reviewapp.models import Adjudication, Disagreement
from reviewapp.selectors.checks import disagreements as selectors
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.services import adjudications
from reviewapp.services.decisions import CategoryRetired, KeyReused, ProductChanged, UndoRefused
from reviewapp.types import UserRequest
from reviewapp.views.review.answers import why_not_undone
from reviewapp.views.review.cases import case_context
from reviewapp.views.review.sections import LEAD, sections


@require_GET
@login_required
@permission_required(LEAD, raise_exception=True)
def disagreements(request: UserRequest) -> HttpResponse:
    """What waits for a lead, and what people have differed on in the last months."""
    kind = request.GET.get("kind", "")
    asked = DisagreementKind(kind) if kind in DisagreementKind.values else None
    try:
        page = selectors.open_disagreements(kind=asked, cursor=request.GET.get("after", ""))
    except CursorInvalid as error:
        raise Http404 from error
    context = {
        "tabs": sections(request, "review:disagreements"),
        "rows": page.rows,
        "older": page.older,
        "is_first": not request.GET.get("after"),
        "kind": asked or "",
        "kinds": DisagreementKind.choices,
        "causes": selectors.causes_by_pair(now=timezone.now()),
        "cause_names": AdjudicationCause.choices,
        "days": selectors.CAUSES_OF.days,
    }
    return render(request, "review/disagreements.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@permission_required(LEAD, raise_exception=True)
def disagreement(request: UserRequest, disagreement_id: int) -> HttpResponse:
    """One disagreement with all that helps to decide it; POST is the lead's word."""
    try:
        row = selectors.disagreement_for_lead(disagreement_id=disagreement_id)
    except Disagreement.DoesNotExist as error:
        raise Http404 from error
    if request.method == "GET":
        return _page(request, row, WordForm())
    form = WordForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    return _decide(request, row, form)


@require_POST
@login_required
@permission_required(LEAD, raise_exception=True)
def undo(request: UserRequest, adjudication_id: int) -> HttpResponse:
    """Take the own word back; the disagreement is open again."""
    row = get_object_or_404(Adjudication, pk=adjudication_id)
    form = UndoWordForm(request.POST)
    if not form.is_valid():
        raise Http404
    try:
        adjudications.undo_adjudication(
            adjudication_id=row.pk,
            lead=request.user,
            client_key=form.cleaned_data["client_key"],
            now=timezone.now(),
        )
    except UndoRefused as refused:
        messages.error(request, why_not_undone(refused.refusal))
    except KeyReused:
        messages.error(request, _("This undo was already used for another decision."))
    else:
        messages.success(request, _("Taken back. The disagreement is open again."))
    return redirect("review:disagreement", row.disagreement_id)


def _decide(request: UserRequest, row: Disagreement, form: WordForm) -> HttpResponse:
    data = form.cleaned_data
    word = adjudications.Word(data["category"], AdjudicationCause(data["cause"]), data["comment"])
    try:
        adjudications.adjudicate(
            disagreement_id=row.pk,
            lead=request.user,
            word=word,
            client_key=data["client_key"],
            seen_digest=data["seen"],
            now=timezone.now(),
        )
    except adjudications.NotImpartial:
        form.add_error(
            None,
            _(
                "The product, a report of it or one of the answers is yours: another lead must decide."
            ),
        )
        return _page(request, row, form, status=403)
    except adjudications.AlreadyClosed:
        messages.warning(request, _("This was closed meanwhile; nothing was changed."))
        return redirect("review:disagreement", row.pk)
    except ProductChanged:
        form.add_error(None, _("The product has changed meanwhile. Look at it again."))
        return _page(request, row, form, status=409)
    except (CategoryRetired, KeyReused):
        form.add_error(None, _("This answer could not be taken. Load the page again."))
        return _page(request, row, form, status=409)
    messages.success(request, _("Decided: %(category)s") % {"category": data["category"]})
    return redirect("review:disagreements")


def _page(
    request: UserRequest, row: Disagreement, form: WordForm, status: int = 200
) -> HttpResponse:
    answers = [row.first, row.second]
    context = {
        **case_context(row.product, [answer.category for answer in answers]),
        "tabs": sections(request, "review:disagreements"),
        "row": row,
        "answers": answers,
        "word": selectors.standing_word(disagreement=row),
        "may_decide": selectors.may_adjudicate(disagreement=row, lead=request.user),
        "undo_key": uuid4(),
        "form": form,
    }
    return render(request, "review/disagreement.html", context, status=status)
