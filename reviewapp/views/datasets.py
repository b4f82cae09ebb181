"""Datasets: snapshots of the labels, and what they hold."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from reviewapp.choices import ExportFormat, JobStatus, Queue
from reviewapp.domain.data_card import data_card, selection
from reviewapp.domain.label_studio import choice_value, label_config
from reviewapp.domain.snapshots import Filters
from reviewapp.forms.exports import ExportForm, SnapshotForm
from reviewapp.models import DatasetSnapshot
from reviewapp.selectors import snapshots as selectors
from reviewapp.selectors.exports import recent_exports
from reviewapp.selectors.workers import is_listening
from reviewapp.services.exports import request_export
from reviewapp.services.snapshots import request_snapshot
from reviewapp.types import UserRequest
from reviewapp.views.parts import page_by_id
from worker.tasks.exports import wake_exports
from worker.tasks.snapshots import wake_snapshots

_SHOWN = 50
_LANGUAGES = {"fr": "FICHE", "en": "CARD"}

may_look = permission_required("reviewapp.view_datasetexport", raise_exception=True)


@login_required
@may_look
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The snapshots made so far, and the form for the next one."""
    form = SnapshotForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _request_snapshot(request, form)
    rows, links = page_by_id(request, selectors.recent_snapshots(), size=_SHOWN)
    context = {
        "form": form,
        "counts": selectors.label_counts(Filters()),
        "snapshots": rows,
        **links,
        "comparable": selectors.snapshots_to_choose([str(row.pk) for row in rows], _SHOWN),
        "is_worker_missing": not is_listening(queue=Queue.DEFAULT, now=timezone.now()),
    }
    return render(request, "datasets/index.html", context, status=422 if form.errors else 200)


def _request_snapshot(request: UserRequest, form: SnapshotForm) -> HttpResponse:
    _check_may_make(request)
    snapshot = request_snapshot(
        filters=form.filters(),
        note=form.cleaned_data["note"],
        user=request.user,
        now=timezone.now(),
    )
    wake_snapshots(snapshot.pk)
    return redirect("datasets:detail", snapshot.pk)


@login_required
@may_look
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: UserRequest, snapshot_id: int) -> HttpResponse:
    """One snapshot: its manifest, its exports, and the form for the next export."""
    snapshot = get_object_or_404(DatasetSnapshot, pk=snapshot_id)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _request_export(request, snapshot, ExportFormat(form.cleaned_data["format"]))
    context = {
        "snapshot": snapshot,
        "form": form,
        "exports": recent_exports().filter(snapshot=snapshot)[:_SHOWN],
        "is_worker_missing": not is_listening(queue=Queue.DEFAULT, now=timezone.now()),
        "has_public_url": bool(settings.PUBLIC_URL),
    }
    if snapshot.status == JobStatus.DONE:
        context |= _content(snapshot)
    return render(request, "datasets/detail.html", context, status=422 if form.errors else 200)


def _content(snapshot: DatasetSnapshot) -> dict[str, object]:
    manifest = snapshot.manifest
    earlier = selectors.finished_snapshots().filter(pk__lt=snapshot.pk)
    return {
        "manifest": manifest,
        "classes": selectors.class_counts(manifest),
        "splits": selectors.split_totals(manifest),
        "before": earlier.defer("manifest").first(),
        "selection": selection(Filters.from_json(snapshot.filters)),
        "card": data_card(manifest, snapshot.digest, page_language()),
    }


def _request_export(
    request: UserRequest, snapshot: DatasetSnapshot, export_format: ExportFormat
) -> HttpResponse:
    _check_may_make(request)
    if snapshot.status != JobStatus.DONE:
        raise Http404
    export = request_export(
        snapshot=snapshot, export_format=export_format, user=request.user, now=timezone.now()
    )
    wake_exports(export.pk)
    messages.success(request, _("The export has been asked for; it appears below when it is done."))
    return redirect("datasets:detail", snapshot.pk)


def _check_may_make(request: UserRequest) -> None:
    if not request.user.has_perm("reviewapp.add_datasetexport"):
        raise PermissionDenied


@login_required
@may_look
@require_GET
def state(request: UserRequest, snapshot_id: int) -> HttpResponse:
    """How far a snapshot is; the whole page again once it has ended."""
    snapshot = get_object_or_404(DatasetSnapshot, pk=snapshot_id)
    response = render(request, "datasets/_state.html", {"snapshot": snapshot})
    if snapshot.status in {JobStatus.DONE, JobStatus.FAILED}:
        response.headers["HX-Refresh"] = "true"
    return response


@login_required
@may_look
@require_safe
def card(request: UserRequest, snapshot_id: int, language: str) -> HttpResponse:
    """The data card as a Markdown file."""
    snapshot = get_object_or_404(DatasetSnapshot, pk=snapshot_id, status=JobStatus.DONE)
    if language not in _LANGUAGES:
        raise Http404
    text = data_card(snapshot.manifest, snapshot.digest, language)
    return _file(text, f"{_LANGUAGES[language]}-{snapshot.pk}.md", "text/markdown")


@login_required
@may_look
@require_safe
def labelling_config(request: HttpRequest, snapshot_id: int) -> HttpResponse:
    """Label Studio's labelling configuration that the exported tasks fit into."""
    snapshot = get_object_or_404(DatasetSnapshot, pk=snapshot_id, status=JobStatus.DONE)
    classes = snapshot.manifest["classes"]
    text = label_config([choice_value(entry["code"], entry["name_fr"]) for entry in classes])
    return _file(text, "label-studio.xml", "application/xml")


def page_language() -> str:
    return "fr" if get_language() == "fr" else "en"


def _file(text: str, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
