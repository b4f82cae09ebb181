"""Training runs: asked for, watched, cancelled, tried again; and the schedule."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.choices import Queue
from reviewapp.domain.snapshots import Filters
from reviewapp.domain.training import missing_labels
from reviewapp.forms.training import ScheduleForm, TrainingForm, schedule_initial
from reviewapp.models import TrainingRun, TrainingSchedule
from reviewapp.selectors import model_versions
from reviewapp.selectors import training as selectors
from reviewapp.selectors.snapshots import snapshots_to_choose
from reviewapp.selectors.workers import is_listening
from reviewapp.services import training
from reviewapp.services.snapshots import request_snapshot
from reviewapp.services.versions import VersionOutdated
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id
from worker.tasks.snapshots import wake_snapshots
from worker.tasks.training import wake_training

_SHOWN = 50

_may_look = permission_required("reviewapp.view_trainingrun", raise_exception=True)


@login_required
@_may_look
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The runs so far, what is missing for a first model, and the form for the next run."""
    data = request.POST if request.method == "POST" else None
    asked = request.GET.get("snapshot", "")
    snapshots = snapshots_to_choose([asked, request.POST.get("labels", "")], _SHOWN)
    form = TrainingForm(data, snapshots=snapshots, initial={"labels": asked})
    if request.method == "POST" and form.is_valid():
        return _request_run(request, form)
    schedule = training.current_schedule(now=timezone.now())
    runs, links = page_by_id(request, selectors.recent_runs(), size=_SHOWN)
    context = {
        "form": form,
        "runs": runs,
        **links,
        "schedule": schedule,
        "is_worker_missing": not is_listening(queue=Queue.TRAINING, now=timezone.now()),
        **_cold_start(schedule),
    }
    return render(request, "training/index.html", context, status=422 if form.errors else 200)


def _cold_start(schedule: TrainingSchedule) -> dict[str, Any]:
    """What is missing for the first model; nothing once there is one."""
    if model_versions.champion() is not None:
        return {}
    counts = selectors.labels_by_category()
    missing = missing_labels(
        {one.code: number for one, number in counts.items()}, training.rules_of(schedule)
    )
    return {
        "missing": missing,
        "labels": sum(counts.values()),
        "categories": [
            (one, number, missing.by_category.get(one.code, 0)) for one, number in counts.items()
        ],
        "base": selectors.base_products().count(),
    }


def _request_run(request: UserRequest, form: TrainingForm) -> HttpResponse:
    if not request.user.has_perm("reviewapp.add_trainingrun"):
        raise PermissionDenied
    now = timezone.now()
    snapshot = form.snapshot
    note = form.cleaned_data["note"]
    if form.wants_new_snapshot:
        snapshot = request_snapshot(filters=Filters(), note=note, user=request.user, now=now)
        wake_snapshots(snapshot.pk)
    run = training.request_run(
        snapshot=snapshot,
        has_base=form.cleaned_data["has_base"],
        config=form.config(),
        seed=form.cleaned_data["seed"],
        note=note,
        user=request.user,
        now=now,
    )
    wake_training(run.pk)
    return redirect("training:detail", run.pk)


@login_required
@_may_look
@require_GET
def detail(request: UserRequest, run_id: int) -> HttpResponse:
    """One run: how far it is, its curves, its data, its outcome."""
    return render(request, "training/detail.html", _run_context(run_id))


@login_required
@_may_look
@require_GET
def state(request: UserRequest, run_id: int) -> HttpResponse:
    """How far a run is and what is known of it by now; the whole page again once it has ended."""
    context = _run_context(run_id)
    response = render(request, "training/_live.html", context)
    if not context["run"].is_open:
        response.headers["HX-Refresh"] = "true"
    return response


@login_required
@_may_look
@require_GET
def curves(request: UserRequest, run_id: int) -> HttpResponse:
    """The run's curves so far, as a fragment."""
    return render(request, "training/_curves.html", _run_context(run_id))


def _run_context(run_id: int) -> dict[str, Any]:
    run = get_object_or_404(selectors.recent_runs(), pk=run_id)
    return {
        "run": run,
        "curves": selectors.curves(run),
        "config": json.dumps(run.config, indent=2),
        "elder": model_versions.by_manifest(run.config.get("elder", "")),
        "is_elder_kept": run.model_version
        and run.model_version.metrics.get("elder", {}).get("kept", False),
        "is_worker_missing": run.is_open
        and not is_listening(queue=Queue.TRAINING, now=timezone.now()),
    }


@login_required
@permission_required("reviewapp.add_trainingrun", raise_exception=True)
@require_POST
def cancel(request: UserRequest, run_id: int) -> HttpResponse:
    run = get_object_or_404(TrainingRun, pk=run_id)
    try:
        training.cancel_run(run_id=run.pk, now=timezone.now())
    except training.RunHasEnded:
        messages.warning(request, _("This run had ended already."))
    return redirect("training:detail", run.pk)


@login_required
@permission_required("reviewapp.add_trainingrun", raise_exception=True)
@require_POST
def retry(request: UserRequest, run_id: int) -> HttpResponse:
    run = get_object_or_404(TrainingRun, pk=run_id)
    try:
        training.retry_run(run_id=run.pk)
        wake_training(run.pk)
    except training.RunIsOpen:
        messages.warning(request, _("This run has neither failed nor been cancelled."))
    except training.OtherRunIsOpen:
        messages.warning(
            request,
            _(
                "Another run that was started automatically is open: wait for its end, or cancel it."
            ),
        )
    return redirect("training:detail", run.pk)


@login_required
@_may_look
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: UserRequest) -> HttpResponse:
    """When models are trained by themselves; earlier versions stay on record."""
    current = training.current_schedule(now=timezone.now())
    form = ScheduleForm(
        request.POST if request.method == "POST" else None, initial=schedule_initial(current)
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        if _put_into_force(request, form):
            return redirect("training:schedule")
        current, status = training.current_schedule(now=timezone.now()), 409
        form = ScheduleForm(initial=schedule_initial(current))
    context = {"form": form, "schedule": current, "history": selectors.schedules()[:20]}
    return render(request, "training/schedule.html", context, status=422 if form.errors else status)


def _put_into_force(request: UserRequest, form: ScheduleForm) -> bool:
    if not request.user.has_perm("reviewapp.add_trainingschedule"):
        raise PermissionDenied
    try:
        made = training.set_schedule(
            changes=form.changes(),
            based_on=form.cleaned_data["based_on"],
            note=form.cleaned_data["note"],
            author=request.user,
            now=timezone.now(),
        )
    except VersionOutdated:
        words = _("Somebody has changed the schedule meanwhile. This is the one in force now.")
        messages.warning(request, words)
        return False
    messages.success(request, _("Schedule %(version)s is in force.") % {"version": made.version})
    return True
