import logging

from django.http import HttpRequest, JsonResponse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviewapp import __version__
from reviewapp.selectors import model_versions
from reviewapp.selectors.readiness import Problems, optional_workers, readiness
from reviewapp.views.metrics import holds_token

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

    What is optional is told and changes nothing. Anybody may ask, so the reasons, with paths and
    addresses in them, go to the log and to who holds METRICS_TOKEN.
    """
    now = timezone.now()
    with translation.override("en"):  # machines and logs have no language of their own
        problems, optional = readiness(now=now), optional_workers(now=now)
    is_ready = not any(problems.values())
    for name, problem in problems.items():
        if problem:
            logger.warning("Not ready, %s: %s", name, problem)
    answer: dict[str, object] = {
        "status": "ready" if is_ready else "not ready",
        "checks": _in_one_word(problems),
        "optional": _in_one_word(optional),
    }
    if holds_token(request):
        answer["problems"] = {name: why for name, why in (problems | optional).items() if why}
    return JsonResponse(answer, status=200 if is_ready else 503)


def _in_one_word(problems: Problems) -> dict[str, str]:
    return {name: "failed" if problem else "ok" for name, problem in problems.items()}


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
