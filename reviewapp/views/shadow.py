"""A candidate beside the champion: started, stopped, and where the two differ."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviewapp.forms.promotions import ShadowForm
from reviewapp.models import ModelVersion, ShadowRun
from reviewapp.selectors import shadow as selectors
from reviewapp.services.shadow import ShadowRefused, start_shadow, stop_shadow
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id

_SHOWN = 50

_may_change = permission_required("reviewapp.change_modelversion", raise_exception=True)


@login_required
@_may_change
@require_POST
def start(request: UserRequest, version_id: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=version_id)
    form = ShadowForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a share from 1 to 100 %."))
        return redirect("models:index")
    share = form.cleaned_data["share_percent"] / 100
    try:
        start_shadow(version=version, share=share, author=request.user, now=timezone.now())
    except ShadowRefused:
        messages.error(request, _("It takes a champion, and one candidate at a time."))
    else:
        words = _("%(name)s answers beside the champion from now on.")
        messages.success(request, words % {"name": version.name})
    return redirect("models:index")


@login_required
@_may_change
@require_POST
def stop(request: UserRequest) -> HttpResponse:
    stop_shadow(now=timezone.now())
    return redirect("models:index")


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def differences(request: UserRequest, run_id: int) -> HttpResponse:
    """Products to which the two gave different answers, the newest first, in pages (`?before=`)."""
    run = get_object_or_404(ShadowRun.objects.select_related("version", "champion"), pk=run_id)
    answers, links = page_by_id(request, selectors.disagreements(run), size=_SHOWN)
    context = {"run": run, "beside": selectors.numbers(run), "answers": answers, **links}
    return render(request, "models/shadow.html", context)
