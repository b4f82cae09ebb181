from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from reviewapp.choices import ExportFormat, JobStatus, Queue
from reviewapp.forms.exports import ExportForm
from reviewapp.models import DatasetExport
from reviewapp.selectors import exports as selectors
from reviewapp.selectors.workers import is_listening
from reviewapp.services.exports import request_export
from reviewapp.types import UserRequest
from reviewapp.views.file_ranges import ranged_file
from worker.tasks.exports import wake_exports

_SHOWN = 50


@login_required
@permission_required("reviewapp.view_datasetexport", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The exports made so far, and the form for the next one."""
    form = ExportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _request(request, ExportFormat(form.cleaned_data["format"]))
    context = {
        "form": form,
        "counts": selectors.label_counts(),
        "exports": selectors.recent_exports()[:_SHOWN],
        "is_worker_missing": not is_listening(queue=Queue.DEFAULT, now=timezone.now()),
    }
    return render(request, "exports/index.html", context, status=422 if form.errors else 200)


def _request(request: UserRequest, export_format: ExportFormat) -> HttpResponse:
    if not request.user.has_perm("reviewapp.add_datasetexport"):
        return HttpResponse(status=403)
    export = request_export(export_format=export_format, user=request.user, now=timezone.now())
    wake_exports(export.pk)
    messages.success(request, _("The export has been asked for; it appears below when it is done."))
    return redirect("exports:index")


@login_required
@permission_required("reviewapp.view_datasetexport", raise_exception=True)
@require_GET
def state(request: UserRequest, export_id: int) -> HttpResponse:
    """One export's card, as it stands now; asked for again until the export has ended."""
    export = get_object_or_404(selectors.recent_exports(), pk=export_id)
    return render(request, "exports/_state.html", {"export": export})


@login_required
@permission_required("reviewapp.view_datasetexport", raise_exception=True)
@require_safe
def download(request: UserRequest, export_id: int) -> HttpResponse | FileResponse:
    """The file, whole or the part that a resumed download still lacks."""
    export = get_object_or_404(DatasetExport, pk=export_id, status=JobStatus.DONE)
    path = selectors.export_path(export)
    if not path.is_file():
        raise Http404(_("The file of this export has been deleted; make a new export."))
    return ranged_file(request, path, etag=export.sha256)
