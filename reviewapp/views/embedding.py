"""The report button on other sites: its script, and which sites may show it."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reviewapp.domain.origins import OriginRefused
from reviewapp.forms.embedding import OriginForm
from reviewapp.selectors.embedding import live_origins
from reviewapp.services import embedding
from reviewapp.services.report_policies import current_report_policy
from reviewapp.types import UserRequest

SCRIPT = Path(settings.BASE_DIR) / "static" / "embed" / "report.js"
_MAY = "reviewapp.add_reportpolicy"


@require_GET
def script(request: HttpRequest) -> FileResponse:
    """The web component, at an address that never changes; other sites' pages name it."""
    response = FileResponse(SCRIPT.open("rb"), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@login_required
@permission_required(_MAY, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def sites(request: UserRequest) -> HttpResponse:
    """The sites that may show the button; add one."""
    form = OriginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            origin = embedding.add_origin(
                address=form.cleaned_data["address"], admin=request.user, now=timezone.now()
            )
        except OriginRefused as refused:
            form.add_error("address", refused.message)
        else:
            words = _("The pages of %(origin)s may show the button.") % {"origin": origin.origin}
            messages.success(request, words)
            return redirect("rings:sites")
    context = {
        "form": form,
        "origins": live_origins(),
        "takes_anonymous": current_report_policy(now=timezone.now()).allow_anonymous,
        "script": request.build_absolute_uri(reverse("embed-script")),
        "our_origin": f"{request.scheme}://{request.get_host()}",
        "tab": "sites",
    }
    return render(request, "rings/sites.html", context, status=422 if form.errors else 200)


@login_required
@permission_required(_MAY, raise_exception=True)
@require_POST
def end_site(request: UserRequest, origin_id: int) -> HttpResponse:
    """Let a site show the button no longer."""
    embedding.end_origin(origin_id=origin_id, now=timezone.now())
    messages.success(request, _("This site may show the button no longer."))
    return redirect("rings:sites")
