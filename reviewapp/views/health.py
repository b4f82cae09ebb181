import logging

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviewapp import __version__
from reviewapp.selectors import model_versions
from reviewapp.selectors.readiness import readiness

logger = logging.getLogger(__name__)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when everything that is needed is there, otherwise 503 and which check failed.

    Anybody may ask, so the reason, with the paths and addresses in it, goes to the log alone.
    """
    problems = readiness(now=timezone.now())
    is_ready = not any(problems.values())
    for name, problem in problems.items():
        if problem:
            logger.warning("Not ready, %s: %s", name, problem)
    checks = {name: "failed" if problem else "ok" for name, problem in problems.items()}
    return JsonResponse(
        {"status": "ready" if is_ready else "not ready", "checks": checks},
        status=200 if is_ready else 503,
    )


@require_safe
@never_cache
def show_version(request: HttpRequest) -> JsonResponse:
    champion = model_versions.champion()
    return JsonResponse(
        {
            "version": __version__,
            "model": champion.name if champion else None,
            "model_manifest_sha256": champion.manifest_sha256 if champion else None,
        }
    )
