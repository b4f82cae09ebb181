from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reviewapp.domain.model_report import member_reports
from reviewapp.forms.models import PolicyForm
from reviewapp.selectors import model_versions, monitoring, workers
from reviewapp.services.policies import PolicyOutdated, current_policy, set_policy
from reviewapp.types import UserRequest

_DELAYS_OF = timedelta(hours=24)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The models with their measured quality, the workers that run them, the policy in force."""
    if request.method != "POST":
        return _page(request, PolicyForm.of(current_policy(now=timezone.now())))
    if not request.user.has_perm("reviewapp.add_routingpolicy"):
        raise PermissionDenied
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        policy = set_policy(
            **form.shares(),
            based_on=form.cleaned_data["based_on"],
            note=form.cleaned_data["note"],
            author=request.user,
            now=timezone.now(),
        )
    except PolicyOutdated:
        form = PolicyForm.of(current_policy(now=timezone.now()))
        words = _("Somebody has changed the policy meanwhile. These are the numbers in force now.")
        messages.warning(request, words)
        return _page(request, form, status=409)
    messages.success(request, _("Policy %(version)s is in force.") % {"version": policy.version})
    return redirect("models:index")


def _page(request: UserRequest, form: PolicyForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    since = now - _DELAYS_OF
    context = {
        "versions": [
            (version, member_reports(version.metrics)) for version in model_versions.versions()
        ],
        "workers": workers.all_heard_of(now=now),
        "policy": current_policy(now=now),
        "form": form,
        "to_category": monitoring.arrival_to_category(since=since),
        "to_shop": monitoring.arrival_to_shop(since=since),
    }
    return render(request, "models/index.html", context, status=status)
