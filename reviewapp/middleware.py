"""Middleware of our own."""

import logging
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect

from reviewapp import correlation, http_metrics

logger = logging.getLogger(__name__)

REQUEST_ID: Final = "X-Request-ID"
# Asked every few seconds, by machines.
_QUIET: Final = {"healthz", "readyz", "metrics"}


def correlate(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Bind the caller's X-Request-ID, or a new one, to what the request does; answer with it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        correlation_id = correlation.accept(request.headers.get(REQUEST_ID, ""))
        with correlation.bound(correlation_id=correlation_id):
            response = get_response(request)
        response[REQUEST_ID] = correlation_id
        return response

    return middleware


def measure(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Count and log each answer by the name of its view: addresses hold what people search for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - begun
        match = request.resolver_match
        view = match.view_name or "unnamed" if match else "unmatched"
        method, status = request.method or "", response.status_code
        http_metrics.observe(view=view, method=method, status=status, seconds=seconds)
        if view not in _QUIET:
            fields = {
                "method": method,
                "view": view,
                "status_code": status,
                "duration_ms": round(seconds * 1000, 1),
            }
            logger.info("Answered", extra=fields)
        return response

    return middleware


def whole_log_in(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Lead the whole page to the log-in when a part of it asks after the session has ended.

    Otherwise htmx would follow the redirect and put the log-in page into that part.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        htmx = getattr(request, "htmx", None)
        where = response.headers.get("Location", "")
        log_in = resolve_url(settings.LOGIN_URL)
        if not htmx or htmx.boosted or not where.startswith(f"{log_in}?"):
            return response
        back = urlencode({REDIRECT_FIELD_NAME: htmx.current_url_abs_path or "/"})
        return HttpResponseClientRedirect(f"{log_in}?{back}")

    return middleware


def personal_language(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A logged-in person's own choice of language comes before the browser's wish."""

    def middleware(request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return get_response(request)

    return middleware
