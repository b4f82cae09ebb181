"""The history of all decisions, searchable."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reviewapp.domain.review import reasons_to_tell
from reviewapp.forms.team import HistoryForm
from reviewapp.models import Decision
from reviewapp.selectors.decisions import MOST_PRODUCTS, TooManyProducts, search
from reviewapp.selectors.pages import CursorInvalid, Page
from reviewapp.types import UserRequest
from reviewapp.views.review.sections import LEAD, sections


@require_GET
@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
def decisions(request: UserRequest) -> HttpResponse:
    """Decisions that fit the filters, newest first; each leads to its product's whole past."""
    is_lead = request.user.has_perm(LEAD)
    form = HistoryForm(request.GET, is_lead=is_lead)
    page: Page[Decision] = Page([])
    too_many = False
    if form.is_valid():
        try:
            cursor = request.GET.get("after", "")
            page = search(query=form.query(), reader=request.user, cursor=cursor)
        except CursorInvalid as error:
            raise Http404 from error
        except TooManyProducts:
            too_many = True
    filters = _without_cursor(request.GET)
    context = {
        "tabs": sections(request, "review:decisions"),
        "form": form,
        "rows": [(row, reasons_to_tell(row.reasons, is_lead=is_lead)) for row in page.rows],
        "older": page.older,
        "is_first": not request.GET.get("after"),
        "filters": filters.urlencode(),
        "is_filtered": any(filters.values()),
        "too_many": MOST_PRODUCTS if too_many else 0,
    }
    return render(request, "review/decisions.html", context)


def _without_cursor(asked: QueryDict) -> QueryDict:
    filters = asked.copy()
    filters.pop("after", None)
    return filters
