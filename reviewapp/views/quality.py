"""Live accuracy: what blind audits say about all automatic listings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviewapp.domain.live_error import ENOUGH, ENOUGH_OF_A_PART, MATURE_DAYS, MATURE_SHARE
from reviewapp.forms.quality import AcknowledgeForm
from reviewapp.models import CertificateAlarm
from reviewapp.selectors import quality
from reviewapp.services.certificates import close_alarm
from reviewapp.services.policies import current_policy
from reviewapp.types import UserRequest
from reviewapp.views.sections import does_it_work
from reviewapp.views.tables import csv_response

_COLUMNS = (
    "by",
    "value",
    "listed",
    "drawn",
    "answered",
    "wrong",
    "accuracy",
    "low",
    "high",
    "horvitz_thompson_error",
    "hajek_error",
    "audits_missing",
)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """Accuracy of automatic listings overall and in parts; alarms for who may change the policy."""
    return _page(request, AcknowledgeForm())


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def figures(request: UserRequest) -> HttpResponse:
    """Every figure of the page as CSV."""
    found = quality.quality(days=_days(request), now=timezone.now())
    parts = [("all", [found.overall]), ("day", found.by_day), ("category", found.by_category)]
    parts += [("model", found.by_model), ("policy", found.by_policy)]
    rows = [(by, *_cells(one)) for by, several in parts for one in several]
    rows += [
        ("cohort", one.day.isoformat(), None, one.drawn, one.answered) for one in found.cohorts
    ]
    return csv_response("quality.csv", _COLUMNS, rows)


@login_required
@permission_required("reviewapp.add_routingpolicy", raise_exception=True)
@require_POST
def acknowledge(request: UserRequest, alarm_id: int) -> HttpResponse:
    """Close an alarm with what was found; thresholds stay as they are."""
    alarm = get_object_or_404(CertificateAlarm, pk=alarm_id)
    form = AcknowledgeForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    close_alarm(
        alarm=alarm, by=request.user, comment=form.cleaned_data["comment"], now=timezone.now()
    )
    messages.success(request, _("The alarm is acknowledged."))
    return redirect("quality:index")


def _page(request: UserRequest, form: AcknowledgeForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    context = {
        "tabs": does_it_work(request, "quality:index"),
        "quality": quality.quality(days=_days(request), now=now),
        "policy": current_policy(now=now),
        "alarms": quality.recent_alarms(),
        "form": form,
        "days": _days(request),
        "periods": quality.PERIODS,
        "enough": ENOUGH,
        "enough_of_a_part": ENOUGH_OF_A_PART,
        "mature_share": MATURE_SHARE,
        "mature_days": MATURE_DAYS,
    }
    return render(request, "quality/index.html", context, status=status)


def _days(request: UserRequest) -> int:
    wanted = request.GET.get("days", "")
    known = {str(days): days for days in quality.PERIODS}
    return known.get(wanted, quality.PERIODS[0])


def _cells(one: quality.Figure) -> tuple[str | float | None, ...]:
    accuracy, estimate = one.accuracy, one.estimate
    shown = estimate if accuracy else None
    return (
        str(one.label),
        one.listed,
        one.drawn,
        one.answered,
        one.wrong,
        accuracy.value if accuracy else None,
        accuracy.low if accuracy else None,
        accuracy.high if accuracy else None,
        shown.horvitz_thompson if shown else None,
        shown.hajek if shown else None,
        one.missing,
    )
