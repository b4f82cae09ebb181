"""Drift: whether arriving products still look like those the model was measured on."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviewapp.domain.drift import ENOUGH, LEVEL, REFERENCE, STEP, WINDOW, Finding
from reviewapp.forms.quality import AcknowledgeForm, NewNormalForm
from reviewapp.models import DriftAlarm, DriftWindow
from reviewapp.selectors import drift, quality
from reviewapp.services import drift_references
from reviewapp.services.drift import close_alarm
from reviewapp.services.drift_references import ReferenceRefused
from reviewapp.types import UserRequest
from reviewapp.views.sections import does_it_work
from reviewapp.views.tables import csv_response

_AUDITED_DAYS = 30
_COLUMNS = (
    "measured_at",
    "last_product",
    "products",
    "expected_right",
    "prior_distance",
    "prior_distance_by_chance",
    "test",
    "statistic",
    "p_value",
    "level",
    "drifted",
    "before",
    "after",
)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """The newest window in words, each test of it, the windows before, and the alarms."""
    return _page(request)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def figures(request: UserRequest) -> HttpResponse:
    """Each test of each window shown as CSV."""
    rows = [
        _cells(window, Finding.from_json(finding))
        for window in drift.drift_state().windows
        for finding in window.findings
    ]
    return csv_response("drift.csv", _COLUMNS, rows)


@login_required
@permission_required("reviewapp.add_routingpolicy", raise_exception=True)
@require_POST
def take_as_normal(request: UserRequest) -> HttpResponse:
    """Hold later arrivals against the newest ones from now on."""
    form = NewNormalForm(request.POST)
    if not form.is_valid():
        return _page(request, normal=form, status=422)
    try:
        drift_references.take_as_normal(
            by=request.user, reason=form.cleaned_data["reason"], now=timezone.now()
        )
    except ReferenceRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(
            request, _("From now on arrivals are held against the newest ones. You can go back.")
        )
    return redirect("drift:index")


@login_required
@permission_required("reviewapp.add_routingpolicy", raise_exception=True)
@require_POST
def go_back(request: UserRequest) -> HttpResponse:
    """Hold arrivals against the reference before again."""
    try:
        drift_references.go_back(now=timezone.now())
    except ReferenceRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("Arrivals are held against the reference before again."))
    return redirect("drift:index")


@login_required
@permission_required("reviewapp.add_routingpolicy", raise_exception=True)
@require_POST
def acknowledge(request: UserRequest, alarm_id: int) -> HttpResponse:
    """Close an alarm with what was found."""
    alarm = get_object_or_404(DriftAlarm, pk=alarm_id)
    form = AcknowledgeForm(request.POST, auto_id=_id_of(alarm_id))
    if not form.is_valid():
        return _page(request, alarms={alarm_id: form}, status=422)
    close_alarm(
        alarm=alarm, by=request.user, comment=form.cleaned_data["comment"], now=timezone.now()
    )
    messages.success(request, _("The alarm is acknowledged."))
    return redirect("drift:index")


def _page(
    request: UserRequest,
    *,
    alarms: Mapping[int, AcknowledgeForm] | None = None,
    normal: NewNormalForm | None = None,
    status: int = 200,
) -> HttpResponse:
    filled = alarms or {}
    context = {
        "tabs": does_it_work(request, "drift:index"),
        "drift": drift.drift_state(),
        "audited": quality.overall(days=_AUDITED_DAYS, now=timezone.now()),
        "alarms": [
            (one, filled.get(one.pk) or AcknowledgeForm(auto_id=_id_of(one.pk)))
            for one in drift.recent_alarms()
        ],
        "normal": normal or NewNormalForm(),
        "level": LEVEL,
        "size": WINDOW,
        "step": STEP,
        "reference_size": REFERENCE,
        "enough": ENOUGH,
        "days": _AUDITED_DAYS,
    }
    return render(request, "drift/index.html", context, status=status)


def _id_of(alarm: int) -> str:
    """Several forms stand on the page; each needs ids of its own."""
    return f"alarm-{alarm}-%s"


def _cells(window: DriftWindow, one: Finding) -> tuple[str | float | None, ...]:
    return (
        window.measured_at.isoformat(),
        window.last_product,
        window.size,
        window.expected_right,
        window.prior_distance,
        window.by_chance,
        one.test,
        one.statistic,
        one.p_value,
        LEVEL,
        int(one.is_drifted),
        one.before,
        one.after,
    )
