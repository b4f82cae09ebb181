from django.contrib.auth.decorators import login_required, permission_required
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from reviewapp.choices import JobStatus, Queue
from reviewapp.domain.products import seller_source
from reviewapp.forms.imports import ImportForm
from reviewapp.models import CatalogueImport, User
from reviewapp.network import count_person
from reviewapp.selectors import imports as selectors
from reviewapp.selectors.pages import CursorInvalid
from reviewapp.selectors.workers import is_listening
from reviewapp.services import limits
from reviewapp.services.imports.files import report_path
from reviewapp.services.imports.jobs import request_import
from reviewapp.services.imports.report import first_refused
from reviewapp.types import UserRequest
from reviewapp.views.limits import too_many
from worker.tasks.imports import wake_import

_may_import = permission_required("reviewapp.add_catalogueimport", raise_exception=True)
REFUSED_SHOWN = 20
_MOVING = (JobStatus.WAITING, JobStatus.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@_may_import
def index(request: UserRequest) -> HttpResponse:
    """Send in an import, and see the earlier ones."""
    needs_source = not request.user.has_perm("reviewapp.add_product")
    form = ImportForm(request.POST or None, request.FILES or None, needs_source=needs_source)
    if request.method == "POST" and form.is_valid():
        try:
            count_person(request, "uploads")
        except limits.LimitReached as reached:
            return too_many(request, reached)
        job = _request(request.user, form)
        wake_import(job.pk)
        return redirect("imports:detail", job.pk)
    try:
        page = selectors.page_of(request.user, cursor=request.GET.get("after", ""))
    except CursorInvalid as error:
        raise Http404 from error
    context = {
        "form": form,
        "imports": page.rows,
        "older": page.older,
        "after": request.GET.get("after", ""),
        "sees_all": selectors.sees_all(request.user),
        "is_listening": is_listening(queue=Queue.DEFAULT, now=timezone.now()),
    }
    return render(request, "imports/index.html", context, status=422 if form.errors else 200)


@require_safe
@login_required
@_may_import
def detail(request: UserRequest, import_id: int) -> HttpResponse:
    """One import; as a fragment only its state, which asks again until the import has ended."""
    job = get_object_or_404(selectors.imports_of(request.user), pk=import_id)
    refused = first_refused(report_path(job), most=REFUSED_SHOWN) if job.refused_count else []
    context = {
        "job": job,
        "refused": refused,
        "refused_more": job.refused_count - len(refused),
        "is_moving": job.status in _MOVING,
        "has_report": report_path(job).is_file(),
        "is_listening": is_listening(queue=Queue.DEFAULT, now=timezone.now()),
    }
    is_fragment = request.htmx and not request.htmx.boosted
    return render(request, "imports/_state.html" if is_fragment else "imports/detail.html", context)


@require_safe
@login_required
@_may_import
def report(request: UserRequest, import_id: int) -> HttpResponseBase:
    """The row-by-row report as a file, as far as the import has come."""
    job = get_object_or_404(selectors.imports_of(request.user), pk=import_id)
    try:
        file = report_path(job).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        file, as_attachment=True, filename=f"import-{job.pk}-report.csv", content_type="text/csv"
    )
    response["Cache-Control"] = "no-store"
    return response


def _request(user: User, form: ImportForm) -> CatalogueImport:
    """A seller's import is of the own products; an admin's belongs to the feed it names."""
    source = form.cleaned_data.get("source")
    return request_import(
        seller=None if source else user,
        source=source or seller_source(user.pk),
        table_format=form.table_format,
        uploads=form.uploads,
        language=get_language() or "",
        now=timezone.now(),
    )
