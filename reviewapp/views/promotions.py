"""Putting a version into service, taking it back, and the work on the catalogue that follows."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reviewapp.forms.promotions import PromotionForm, RollBackForm
from reviewapp.models import ModelVersion, Rescoring
from reviewapp.selectors import promotions as selectors
from reviewapp.services import rescoring
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.promotions import (
    GateNotPassed,
    NothingBefore,
    OtherChampion,
    promote,
    roll_back,
)
from reviewapp.types import UserRequest
from worker.tasks.classify import wake_workers

_may_change = permission_required("reviewapp.change_modelversion", raise_exception=True)


@login_required
@_may_change
@require_POST
def put_into_service(request: UserRequest, version_id: int) -> HttpResponse:
    version = get_object_or_404(ModelVersion, pk=version_id)
    form = PromotionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The reason is too long, or the judgement is no longer there."))
        return redirect("models:index")
    try:
        promote(
            version=version,
            author=request.user,
            reason=form.cleaned_data["reason"],
            accepts_unjudged=form.cleaned_data["accepts_unjudged"],
            seen=form.cleaned_data["seen"],
            now=timezone.now(),
        )
    except OtherChampion:
        words = _("Another model classifies by now, or this one was judged again: look once more.")
        messages.warning(request, words)
        return redirect("models:index")
    except GateNotPassed as refused:
        messages.error(request, refused.words)
        if refused.report is not None:
            return redirect("models:gate", refused.report.pk)
        return redirect("models:evaluations")
    except ModelRefused as refused:
        messages.error(request, str(refused))
        return redirect("models:index")
    wake_workers()
    messages.success(request, _("%(name)s classifies from now on.") % {"name": version.name})
    return redirect("models:index")


@login_required
@_may_change
@require_POST
def take_back(request: UserRequest) -> HttpResponse:
    form = RollBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The reason is too long, or the model is no longer there."))
        return redirect("models:index")
    try:
        promotion = roll_back(author=request.user, now=timezone.now(), **form.cleaned_data)
    except OtherChampion:
        messages.warning(request, _("This model is not the champion any more: see below."))
    except NothingBefore:
        messages.warning(request, _("There is no earlier model to go back to."))
    except ModelRefused as refused:
        messages.error(request, str(refused))
    else:
        wake_workers()
        name = promotion.version.name
        messages.success(request, _("%(name)s classifies again.") % {"name": name})
    return redirect("models:index")


@login_required
@_may_change
@require_POST
def pause(request: UserRequest, rescoring_id: int) -> HttpResponse:
    """Pause the rescoring, or let it go on (`is_paused=`)."""
    get_object_or_404(Rescoring, pk=rescoring_id)
    is_paused = request.POST.get("is_paused") == "true"
    rescoring.set_paused(rescoring_id=rescoring_id, is_paused=is_paused)
    return redirect("models:index")


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def progress(request: UserRequest) -> HttpResponse:
    """How far the newest rescoring is, as a fragment."""
    context = {"rescoring": selectors.current_rescoring()}
    return render(request, "models/_rescoring.html", context)
