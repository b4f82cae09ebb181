from django.contrib.auth.decorators import login_required, permission_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from reviewapp.choices import JobStatus
from reviewapp.file_ranges import ranged_file
from reviewapp.models import DatasetExport
from reviewapp.selectors import exports as selectors
from reviewapp.types import UserRequest


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
