"""Numbers for Prometheus, for who holds the token."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from reviewapp import http_metrics
from reviewapp.selectors import metrics


class _State(Collector):
    """Reads the rows when it is asked, so that every process says the same."""

    def collect(self) -> Iterator[Metric]:
        return metrics.families(now=timezone.now())


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """All metrics in Prometheus' text format.

    Without METRICS_TOKEN only development answers, and only to this machine; otherwise 404.
    """
    if not settings.METRICS_TOKEN and not _is_own_machine(request):
        raise Http404
    if settings.METRICS_TOKEN and not holds_token(request):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_State())
    text = generate_latest(registry) + generate_latest(http_metrics.registry())
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def holds_token(request: HttpRequest) -> bool:
    """Whether the request carries METRICS_TOKEN; never without one."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    is_right = hmac.compare_digest(given.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and is_right


def _is_own_machine(request: HttpRequest) -> bool:
    """Whether nobody stands between us and a caller on this machine; behind a proxy all look so."""
    if not settings.METRICS_ON_LOOPBACK or "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
