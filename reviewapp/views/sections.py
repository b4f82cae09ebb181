"""Tabs between the pages of one area: each person sees those that they may open."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from reviewapp.types import UserRequest


def tabs_of(
    request: UserRequest, entries: Iterable[tuple[str, str, str]], active: str
) -> list[dict[str, Any]]:
    """Return what components/_tabs.html draws. entries: permission, URL name, label."""
    return [
        {"url": reverse(name), "label": label, "active": name == active}
        for permission, name, label in entries
        if request.user.has_perm(permission)
    ]


def does_it_work(request: UserRequest, active: str) -> list[dict[str, Any]]:
    """Return the tabs of the pages that tell whether the site does its job."""
    entries = [
        ("reviewapp.view_decision", "quality:index", _("Quality")),
        ("reviewapp.view_decision", "dashboards:index", _("Dashboards")),
        ("reviewapp.view_decision", "fairness:index", _("Fairness")),
        ("reviewapp.view_modelversion", "drift:index", _("Drift")),
    ]
    return tabs_of(request, entries, active)
