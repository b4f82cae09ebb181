"""How the declared groups fare: error, automation, time to the shop, reports."""

from __future__ import annotations

import math

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from reviewapp.domain.fairness import FEWEST
from reviewapp.domain.live_error import ENOUGH_OF_A_PART
from reviewapp.selectors import fairness, model_versions
from reviewapp.services.policies import current_policy
from reviewapp.types import UserRequest
from reviewapp.views.sections import does_it_work
from reviewapp.views.tables import csv_response

_TITLES = {
    "error": gettext_lazy("Wrong among listed"),
    "automatic": gettext_lazy("Listed by itself"),
    "listed_in_a_day": gettext_lazy("In the shop within a day"),
    "reports_right": gettext_lazy("Reports that were right"),
}
_COLUMNS = (
    "kind",
    "group",
    "products",
    "audits",
    *(f"{name}{part}" for name in fairness.MEASURES for part in ("", "_low", "_high")),
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
        "titles": _TITLES,
        "broken": fairness.labelled([one for one in found if one.breaks]),
        "judged": sum(one.is_judged for one in found),
        "unjudged": fairness.labelled([one for one in found if one.missing]),
        "policy": policy,
        "champion": champion,
        "days": fairness.DAYS,
        "endless": math.inf,
        "fewest": FEWEST,
        "enough": ENOUGH_OF_A_PART,
    }
    return render(request, "fairness/index.html", context)


@login_required
@permission_required("reviewapp.view_decision", raise_exception=True)
@require_GET
def figures(request: UserRequest) -> HttpResponse:
    """Every figure of the page as CSV."""
    rows: list[tuple[str | float | None, ...]] = []
    for kind in fairness.fairness(now=timezone.now()):
        rows += [
            (kind.kind.value, one.group, one.products, one.audits, *_numbers(one))
            for one in kind.groups
        ]
        ratios = [cell for _name, ratio in kind.ratios for cell in (ratio, None, None)]
        if ratios:
            rows.append((kind.kind.value, "worst_to_best", None, None, *ratios))
    return csv_response("fairness.csv", _COLUMNS, rows)


def _numbers(one: fairness.GroupFigures) -> list[float | None]:
    cells: list[float | None] = []
    for measure in one.measures:
        share = measure.share
        cells += [share.value, share.low, share.high] if share else [None, None, None]
    return cells
