"""What every page needs: the shell around its content."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from reviewapp.choices import Queue, Theme
from reviewapp.selectors import drift, quality, workers

# (permission or None for everyone, URL name, label)
_NAVIGATION: list[tuple[str | None, str, Callable[[], str]]] = [
    (None, "shop:index", lambda: _("Catalogue")),
    ("reviewapp.add_product", "seller:products", lambda: _("My products")),
    ("reviewapp.add_misclassificationreport", "reports:mine", lambda: _("My reports")),
    ("reviewapp.add_decision", "review:desk", lambda: _("Review")),
    ("reviewapp.change_reportring", "rings:index", lambda: _("Reports")),
    ("reviewapp.add_catalogueimport", "imports:index", lambda: _("Imports")),
    ("reviewapp.add_datasetexport", "datasets:index", lambda: _("Datasets")),
    ("reviewapp.view_modelversion", "models:index", lambda: _("Models")),
    ("reviewapp.view_modelversion", "policy:index", lambda: _("Policy")),
    ("reviewapp.view_decision", "quality:index", lambda: _("Quality")),
]
# An area's other pages, reached from its first one.
_WITHIN = {
    "models:index": ("training:index",),
    "quality:index": ("dashboards:index", "fairness:index", "drift:index"),
}


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Context of the page shell: theme, navigation by role, demo and worker banners."""
    return {
        "theme": _theme(request),
        "demo_mode": settings.DEMO,
        "nav": SimpleLazyObject(lambda: _navigation(request)),
        "no_worker_listening": SimpleLazyObject(lambda: _no_worker_listening(request)),
        "is_certificate_void": SimpleLazyObject(lambda: _is_certificate_void(request)),
        "is_drifting": SimpleLazyObject(lambda: _is_drifting(request)),
    }


def _theme(request: HttpRequest) -> str:
    chosen = getattr(getattr(request, "user", None), "theme", "") or request.COOKIES.get(
        "theme", ""
    )
    return chosen if chosen in Theme.values else Theme.AUTO


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    items = []
    for permission, name, label in _NAVIGATION:
        if permission is None or request.user.has_perm(permission):
            area = tuple(reverse(one) for one in (name, *_WITHIN.get(name, ())))
            is_here = request.path.startswith(area)
            items.append({"url": area[0], "label": label(), "active": is_here})
    return items


def _no_worker_listening(request: HttpRequest) -> bool:
    """True when a person who would wait for a worker should know that none is there."""
    if not request.user.has_perm("reviewapp.add_product") and not request.user.has_perm(
        "reviewapp.add_decision"
    ):
        return False
    return not workers.is_listening(queue=Queue.INFERENCE, now=timezone.now())


def _is_certificate_void(request: HttpRequest) -> bool:
    """True when an admin should look into too many wrong listings."""
    if not request.user.has_perm("reviewapp.add_routingpolicy"):
        return False
    return quality.open_alarms().exists()


def _is_drifting(request: HttpRequest) -> bool:
    """True when an admin should look into arrivals that have changed."""
    if not request.user.has_perm("reviewapp.add_routingpolicy"):
        return False
    return drift.open_alarms().exists()
