"""How the machine and its people do, over time; every figure as chart, table and file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from reviewapp.domain.costs import Costs
from reviewapp.forms.dashboards import ScopeForm
from reviewapp.selectors.dashboards import PANELS, panels
from reviewapp.services.policies import costs, current_policy
from reviewapp.types import UserRequest
from reviewapp.views.sections import does_it_work
from reviewapp.views.tables import csv_response


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """All figures of the period, model and group that the address names."""
    return _page(request, PANELS)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def one(request: UserRequest, name: str) -> HttpResponse:
    """One figure with its whole table."""
    if name not in PANELS:
        raise Http404
    return _page(request, [name], with_table=True)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def figure(request: UserRequest, name: str) -> HttpResponse:
    """One figure as CSV, with raw numbers: shares of 1, seconds, ISO times."""
    now = timezone.now()
    form = ScopeForm(request.GET, now.date())
    if name not in PANELS or not form.is_valid():
        raise Http404
    panel = PANELS[name](form.scope(_costs(now)), now)
    return csv_response(f"{name}.csv", [one.name for one in panel.columns], panel.raw())


def _page(request: UserRequest, names: Iterable[str], *, with_table: bool = False) -> HttpResponse:
    now = timezone.now()
    form = ScopeForm(request.GET, now.date())
    is_valid = form.is_valid()
    context = {
        "tabs": does_it_work(request, "dashboards:index"),
        "form": form,
        "panels": panels(names, form.scope(_costs(now)), now) if is_valid else [],
        "query": request.GET.urlencode(),
        "with_table": with_table,
    }
    return render(request, "dashboards/index.html", context, status=200 if is_valid else 422)


def _costs(now: datetime) -> Costs:
    return costs(current_policy(now=now))
