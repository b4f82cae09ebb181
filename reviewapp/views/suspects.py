"""Suspect labels: a search asked for, its list, and what people are asked about."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.choices import JobStatus, Queue
from reviewapp.domain.suspects import ENOUGH
from reviewapp.forms.suspects import OpenForm
from reviewapp.models import SuspectSearch
from reviewapp.selectors import suspects as selectors
from reviewapp.selectors.workers import is_listening
from reviewapp.services import suspects
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id
from worker.tasks.suspects import wake_search

_SHOWN = 20
_PAGE = 50

_may_lead = permission_required("reviewapp.lead_review", raise_exception=True)


@login_required
@_may_lead
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """All searches with their yield; a POST asks for the next one."""
    if request.method == "POST":
        search = suspects.request_search(user=request.user, now=timezone.now())
        wake_search(search.pk)
        return redirect("training:suspects-found", search.pk)
    found, links = page_by_id(request, selectors.searches(), size=_SHOWN)
    outcomes = selectors.outcomes([search.pk for search in found])
    context = {
        "searches": [(search, outcomes[search.pk]) for search in found],
        **links,
        "labels": selectors.labels_in_all(),
        "enough": ENOUGH,
        "is_worker_missing": not is_listening(queue=Queue.TRAINING, now=timezone.now()),
    }
    return render(request, "suspects/index.html", context)


@login_required
@_may_lead
@require_GET
def found(request: UserRequest, search_id: int) -> HttpResponse:
    """One search: its state, its yield, its suspects by rank (`?after=` a place)."""
    return _page(request, _search(search_id), OpenForm())


@login_required
@_may_lead
@require_GET
def state(request: UserRequest, search_id: int) -> HttpResponse:
    """The progress of a search, as a fragment; the whole page once it has ended."""
    search = _search(search_id)
    response = render(request, "suspects/_state.html", {"search": search})
    if search.status in (JobStatus.DONE, JobStatus.FAILED):
        response.headers["HX-Refresh"] = "true"
    return response


@login_required
@_may_lead
@require_POST
def open_for_review(request: UserRequest, search_id: int) -> HttpResponse:
    """Put the first suspects before people."""
    search = get_object_or_404(SuspectSearch, pk=search_id, status=JobStatus.DONE)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _page(request, _search(search_id), form)
    number = suspects.open_suspects(
        search_id=search.pk, most=form.cleaned_data["most"], now=timezone.now()
    )
    words = ngettext(
        "%(number)d suspect is in the review desk now.",
        "%(number)d suspects are in the review desk now.",
        number,
    )
    messages.success(request, words % {"number": number})
    return redirect("training:suspects-found", search.pk)


def _search(search_id: int) -> SuspectSearch:
    return get_object_or_404(selectors.searches(), pk=search_id)


def _page(request: UserRequest, search: SuspectSearch, form: OpenForm) -> HttpResponse:
    context: dict[str, Any] = {"search": search, "form": form, "enough": ENOUGH}
    if search.status == JobStatus.DONE:
        rows = selectors.suspects_of(search, after=_after(request), size=_PAGE + 1)
        context |= {
            "outcome": selectors.outcomes([search.pk])[search.pk],
            "not_judged": (search.rows_total or 0) - (search.judged or 0),
            "openable": selectors.openable(search).count(),
            "suspects": rows[:_PAGE],
            "next": rows[_PAGE - 1].place if len(rows) > _PAGE else None,
        }
    else:
        context["is_worker_missing"] = not is_listening(queue=Queue.TRAINING, now=timezone.now())
    status = 422 if form.errors else 200
    return render(request, "suspects/found.html", context, status=status)


def _after(request: UserRequest) -> int:
    text = request.GET.get("after", "0")
    if not text.isdecimal() or len(text) > 9:
        raise Http404
    return int(text)
