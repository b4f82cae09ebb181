"""How the declared groups fare: error, automation, time to the shop, reports."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from reviewapp.domain.fairness import FEWEST
from reviewapp.domain.intervals import Interval
from reviewapp.domain.live_error import ENOUGH_OF_A_PART
from reviewapp.selectors import fairness, model_versions
from reviewapp.services.policies import current_policy
from reviewapp.types import UserRequest
from reviewapp.views.sections import does_it_work
from reviewapp.views.tables import csv_response

_SHARES = ("error", "automatic", "listed_in_a_day", "reports_right")
_COLUMNS = (
    "kind",
    "group",
    "products",
    "audits",
    *(f"{name}{part}" for name in _SHARES for part in ("", "_low", "_high")),
)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """All groups side by side, and who is surely worse off than the policy allows."""
    now = timezone.now()
    policy, champion = current_policy(now=now), model_versions.champion()
    found = fairness.judgements(model_version=champion, bound=policy.fairness_bound, now=now)
    context = {
        "tabs": does_it_work(request, "fairness:index"),
        "kinds": fairness.fairness(now=now),
        "broken": fairness.labelled([one for one in found if one.breaks]),
        "judged": sum(one.is_judged for one in found),
        "unjudged": sum(not one.is_judged for one in found),
        "policy": policy,
        "champion": champion,
        "days": fairness.DAYS,
        "fewest": FEWEST,
        "enough": ENOUGH_OF_A_PART,
    }
    return render(request, "fairness/index.html", context)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def figures(request: UserRequest) -> HttpResponse:
    """Every figure of the page as CSV."""
    rows = [
        (kind.kind.value, one.group, one.routed, one.listing.answered, *_numbers(one))
        for kind in fairness.fairness(now=timezone.now())
        for one in kind.groups
    ]
    return csv_response("fairness.csv", _COLUMNS, rows)


def _numbers(one: fairness.GroupFigures) -> list[float | None]:
    cells: list[float | None] = []
    shares: tuple[Interval | None, ...] = (one.error, one.automatic, one.in_a_day, one.reports)
    for share in shares:
        cells += [share.value, share.low, share.high] if share else [None, None, None]
    return cells
