from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from reviewapp.choices import ModelStage
from reviewapp.domain.model_report import member_reports
from reviewapp.selectors import model_versions, monitoring, policies, promotions, shadow, workers
from reviewapp.selectors.readiness import system_checks
from reviewapp.services.policies import current_policy
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id

_DELAYS_OF = timedelta(hours=24)
_PROMOTIONS = 20


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def index(request: UserRequest) -> HttpResponse:
    """The models with their measured quality, the workers that run them, the policy in force, and the
    promotions in pages (`?before=`)."""
    now = timezone.now()
    since = now - _DELAYS_OF
    versions = list(model_versions.versions())
    made, links = page_by_id(request, promotions.history(), size=_PROMOTIONS)
    context = {
        "versions": [(version, member_reports(version.metrics)) for version in versions],
        "promotions": made,
        **links,
        "before": promotions.champion_before(),
        "champion": next((one for one in versions if one.stage == ModelStage.CHAMPION), None),
        "rescoring": promotions.current_rescoring(),
        **_shadow(),
        "checks": system_checks(now=now),
        "workers": workers.all_heard_of(now=now),
        "policy": policies.history().first() or current_policy(now=now),
        "to_category": monitoring.arrival_to_category(since=since),
        "to_shop": monitoring.arrival_to_shop(since=since),
    }
    return render(request, "models/index.html", context)


def _shadow() -> dict[str, Any]:
    run = shadow.newest_run()
    return {"run": run, "beside": shadow.numbers(run) if run else None}
