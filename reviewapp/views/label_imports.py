from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from reviewapp.domain.label_studio import TasksUnreadable
from reviewapp.forms.exports import LabelImportForm
from reviewapp.selectors.snapshots import recent_label_imports
from reviewapp.services.label_imports import import_labels
from reviewapp.types import UserRequest

_SHOWN = 20


@login_required
@permission_required("reviewapp.add_datasetexport", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """Labels from another tool: the form, and what became of the last files."""
    if request.method != "POST":
        return _page(request, LabelImportForm())
    form = LabelImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    file = form.cleaned_data["file"]
    try:
        import_labels(
            content=file.read(),
            file_name=file.name or "",
            source=form.cleaned_data["source"],
            user=request.user,
            now=timezone.now(),
        )
    except TasksUnreadable as error:
        form.add_error("file", error.message)
        return _page(request, form, status=422)
    messages.success(request, _("The file has been read; what became of its tasks stands below."))
    return redirect("datasets:labels")


def _page(request: UserRequest, form: LabelImportForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "imports": recent_label_imports()[:_SHOWN]}
    return render(request, "datasets/labels.html", context, status=status)
