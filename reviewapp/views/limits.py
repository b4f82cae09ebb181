from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reviewapp.services.limits import LimitReached


def too_many(request: HttpRequest, reached: LimitReached) -> HttpResponse:
    """Answer 429 with how long to wait."""
    response = render(request, "errors/429.html", {"retry_after": reached.retry_after}, status=429)
    response["Retry-After"] = str(reached.retry_after)
    return response
