"""The answer to a fault of ours."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.defaults import server_error


def fault(request: HttpRequest) -> HttpResponse:
    """Answer 500: a page to people, a problem (RFC 9457) to programs."""
    if not request.path.startswith("/api/"):
        return server_error(request)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": _("A fault of ours, not of your request; it was recorded. Try again later."),
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")
