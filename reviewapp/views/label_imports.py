from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from reviewapp.domain.label_studio import TasksUnreadable, choice_value, label_config
from reviewapp.forms.exports import LabelImportForm
from reviewapp.models import Category
from reviewapp.selectors.label_tasks import MOST_TASKS, undecided_tasks
from reviewapp.selectors.label_tasks import undecided as undecided_items
from reviewapp.selectors.snapshots import recent_label_imports
from reviewapp.services.label_imports import import_labels
from reviewapp.types import UserRequest

_SHOWN = 20
_may_make = permission_required("reviewapp.add_datasetexport", raise_exception=True)


@login_required
@_may_make
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
        form.add_error("file", str(error))
        return _page(request, form, status=422)
    messages.success(request, _("The file has been read; what became of its tasks stands below."))
    return redirect("datasets:labels")


@login_required
@_may_make
@require_safe
def undecided(request: UserRequest) -> HttpResponseBase:
    """What waits for people, as Label Studio tasks, for a team that works there."""
    response = StreamingHttpResponse(undecided_tasks(), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="undecided.json"'
    return response


@login_required
@_may_make
@require_safe
def present_config(request: UserRequest) -> HttpResponse:
    """The labelling configuration with today's categories."""
    classes = Category.objects.filter(is_active=True).order_by("code")
    text = label_config([choice_value(one.code, one.name_fr) for one in classes])
    response = HttpResponse(text, content_type="application/xml")
    response["Content-Disposition"] = 'attachment; filename="label-studio.xml"'
    return response


def _page(request: UserRequest, form: LabelImportForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "imports": recent_label_imports()[:_SHOWN],
        "undecided": undecided_items().count(),
        "most": MOST_TASKS,
    }
    return render(request, "datasets/labels.html", context, status=status)
