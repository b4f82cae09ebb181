"""What moderators ask a lead: which questions wait, and the answer with a comment."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from reviewapp.forms.leads import ReplyForm
from reviewapp.models import ReviewItem
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.selectors.review import questions as selectors
from reviewapp.services import decisions
from reviewapp.services.questions import NotForThisLead, answer_question
from reviewapp.types import UserRequest
from reviewapp.views.review.cases import case_context
from reviewapp.views.review.sections import LEAD, sections


@require_GET
@login_required
@permission_required(LEAD, raise_exception=True)
def questions(request: UserRequest) -> HttpResponse:
    """What waits for a lead, with who asked and what."""
    try:
        page = selectors.open_questions(cursor=request.GET.get("after", ""))
    except CursorInvalid as error:
        raise Http404 from error
    context = {
        "tabs": sections(request, "review:questions"),
        "rows": page.rows,
        "older": page.older,
        "is_first": not request.GET.get("after"),
    }
    return render(request, "review/questions.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@permission_required(LEAD, raise_exception=True)
def question(request: UserRequest, item_id: int) -> HttpResponse:
    """One question with all that helps to answer it; POST is the answer."""
    try:
        found = selectors.question(item_id=item_id)
    except ReviewItem.DoesNotExist as error:
        raise Http404 from error
    if request.method == "GET":
        return _page(request, found, ReplyForm())
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    return _answer(request, found, form)


def _answer(request: UserRequest, found: selectors.Question, form: ReplyForm) -> HttpResponse:
    data = form.cleaned_data
    try:
        answer_question(
            item_id=found.item.pk,
            lead=request.user,
            category=data["category"],
            comment=data["comment"],
            client_key=data["client_key"],
            seen_digest=data["seen"],
            now=timezone.now(),
        )
    except NotForThisLead:
        form.add_error(
            None,
            _(
                "The product, a report of it or a checked answer is yours: another lead must decide."
            ),
        )
        return _page(request, found, form, status=403)
    except decisions.ClaimLost:
        form.add_error(None, _("Another lead has this product now, or has answered."))
        return _page(request, found, form, status=409)
    except decisions.ProductChanged:
        form.add_error(None, _("The product has changed meanwhile. Look at it again."))
        return _page(request, found, form, status=409)
    except (decisions.CategoryRetired, decisions.KeyReused):
        form.add_error(None, _("This answer could not be taken. Load the page again."))
        return _page(request, found, form, status=409)
    messages.success(request, _("Answered: %(category)s") % {"category": data["category"]})
    return redirect("review:questions")


def _page(
    request: UserRequest, found: selectors.Question, form: ReplyForm, status: int = 200
) -> HttpResponse:
    context = {
        **case_context(found.item.product, []),
        "tabs": sections(request, "review:questions"),
        "item": found.item,
        "asked": found.asked,
        "form": form,
    }
    return render(request, "review/question.html", context, status=status)
