"""The routing policy: what it is, what another one would do, and putting one into force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from reviewapp.domain.category_effects import CategoryEffect
from reviewapp.domain.fairness import FEWEST
from reviewapp.domain.policy_effect import Effect
from reviewapp.domain.routing import Policy
from reviewapp.forms.policy import PolicyForm, initial_of
from reviewapp.models import Category, RoutingPolicy
from reviewapp.selectors import calibration, fairness, model_versions, policies
from reviewapp.services.policies import (
    PolicyUnfair,
    costs,
    current_policy,
    draft,
    put_into_force,
    rules,
)
from reviewapp.services.policies import fairness as fairness_of
from reviewapp.services.versions import VersionOutdated
from reviewapp.types import UserRequest
from reviewapp.views.tables import csv_response

_MEASURES = ("coverage", "error", "reviews", "hours", "money")
_COLUMNS = (
    "part",
    "name",
    "threshold",
    "products",
    *(f"{name}{part}" for name in _MEASURES for part in ("", "_low", "_high")),
    "error_at_most",
    "labels_missing",
)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """The numbers in force, or those of `?version=` or `?numbers=`, with their effect."""
    current = current_policy(now=timezone.now())
    if request.method == "POST":
        return _put_into_force(request, current)
    known = _known(request)
    shown = _shown(request, current, known)
    return _page(request, current, _form(shown, current), known, shown=shown)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def effect(request: UserRequest) -> HttpResponse:
    """The effect of the numbers in the form, as a fragment."""
    current = current_policy(now=timezone.now())
    form = PolicyForm(request.GET, categories=_categories())
    if not form.is_valid():
        return render(request, "policy/_invalid.html", {"form": form}, status=422)
    proposed = draft(current, form.changes())
    context = _effect(current, proposed, _known(request)) | {"query": _query(request)}
    return render(request, "policy/_effect.html", context)


@login_required
@permission_required("reviewapp.view_modelversion", raise_exception=True)
@require_GET
def figures(request: UserRequest) -> HttpResponse:
    """The effect of the numbers in the address as CSV: all that the page has of it."""
    current, known = current_policy(now=timezone.now()), _known(request)
    form = PolicyForm(request.GET, categories=_categories())
    if form.is_valid():
        proposed = draft(current, form.changes())
    elif "accept_percent" in request.GET:
        return render(request, "policy/_invalid.html", {"form": form}, status=422)
    else:
        proposed = _shown(request, current, known)
    found = None if known is None else _what_if(current, proposed, known)
    return csv_response("policy.csv", _COLUMNS, _rows(found) if found else ())


def _rows(found: policies.WhatIf) -> Iterator[tuple[str | float | None, ...]]:
    for one in found.alternatives:
        at = one.policy.accept_at if one.key else None
        yield "policy", one.key or "all_manual", at, None, *_cells(one.effect), None
    for at, effect in found.curve:
        yield "threshold", None, at, None, *_cells(effect), None
    for own in found.categories:
        missing = own.labels_missing
        yield "category", own.code, own.threshold, own.products, *_cells(own), missing


def _cells(found: Effect | CategoryEffect) -> Iterator[float | None]:
    for name in _MEASURES:
        value = getattr(found, name)
        yield from (value.value, value.low, value.high) if value else (None, None, None)
    yield found.bound if found.accepted else None


def _put_into_force(request: UserRequest, current: RoutingPolicy) -> HttpResponse:
    if not request.user.has_perm("reviewapp.add_routingpolicy"):
        raise PermissionDenied
    form = PolicyForm(request.POST, categories=_categories())
    if not form.is_valid():
        return _page(request, current, form, _known(request), status=422)
    try:
        policy = put_into_force(
            changes=form.changes(),
            based_on=form.cleaned_data["based_on"],
            note=form.cleaned_data["note"],
            author=request.user,
            now=timezone.now(),
        )
    except PolicyUnfair:
        words = _("Not put into force: a group would fare worse than the bound allows; see below.")
        messages.error(request, words)
        return _page(request, current, form, _known(request), status=422)
    except VersionOutdated:
        current = current_policy(now=timezone.now())
        words = _("Somebody has changed the policy meanwhile. These are the numbers in force now.")
        messages.warning(request, words)
        return _page(request, current, _form(current, current), _known(request), status=409)
    messages.success(request, _("Policy %(version)s is in force.") % {"version": policy.version})
    return redirect("policy:index")


def _shown(
    request: UserRequest, current: RoutingPolicy, known: calibration.KnownProducts | None
) -> RoutingPolicy:
    """The version or the alternative that the address asks for; else the one in force."""
    if wanted := request.GET.get("version", ""):
        version = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else 0
        return get_object_or_404(RoutingPolicy, version=version)
    name = request.GET.get("numbers", "")
    if known is None or not name:
        return current
    chosen = policies.alternative(
        name, sample=known.sample, current=rules(current), costs=costs(current),
        target=current.target_error,
    )  # fmt: skip
    return current if chosen is None else draft(current, _numbers(chosen))


def _kinds(kinds: Sequence[str]) -> str:
    return ", ".join(fairness.kind_label(kind) for kind in kinds)


def _numbers(policy: Policy) -> dict[str, Any]:
    return {
        "accept_at": policy.accept_at,
        "thresholds": {str(code): at for code, at in policy.thresholds.items()},
        "missing_thresholds": dict(policy.missing_thresholds),
    }


def _form(policy: RoutingPolicy, current: RoutingPolicy) -> PolicyForm:
    initial = initial_of(policy) | {"based_on": current.version}
    return PolicyForm(initial=initial, categories=_categories())


def _categories() -> list[Category]:
    return list(Category.objects.filter(is_active=True))


def _known(request: UserRequest) -> calibration.KnownProducts | None:
    champion = model_versions.champion()
    if champion is None:
        return None
    # What is put into force is judged by the newest; what is looked at may be a minute old.
    known = calibration.known_products if request.method == "POST" else calibration.lately_known
    return known(champion, now=timezone.now())


def _query(request: UserRequest) -> str:
    """The numbers looked at, as `figures` takes them."""
    given = {**request.GET.dict(), **request.POST.dict()}
    given.pop("csrfmiddlewaretoken", None)
    return urlencode(
        {name: value for name, value in given.items() if isinstance(value, str) and value}
    )


def _what_if(
    current: RoutingPolicy,
    proposed: RoutingPolicy,
    known: calibration.KnownProducts,
) -> policies.WhatIf:
    return policies.what_if(
        sample=known.sample,
        current=rules(current),
        proposed=rules(proposed),
        costs=costs(proposed),
        target=proposed.target_error,
        arrivals=known.arrivals,
    )


def _effect(
    current: RoutingPolicy, proposed: RoutingPolicy, known: calibration.KnownProducts | None
) -> dict[str, Any]:
    names = {category.code: category.name for category in _categories()}
    context: dict[str, Any] = {"known": known, "target": proposed.target_error, "names": names}
    if known is None:
        return context
    groups = fairness_of(known.sample, current, proposed)
    return context | {
        "effect": _what_if(current, proposed, known),
        "ahead_days": policies.AHEAD_DAYS,
        "flat": policies.FLAT,
        "broken": fairness.labelled(groups.broken),
        "unjudged": len(groups.unjudged),
        "judged_kinds": _kinds(groups.judged),
        "unknown_kinds": _kinds(groups.unknown),
        "alike_kinds": _kinds(groups.alike),
        "enough_live": calibration.ENOUGH_AUDITS,
        "fairness_bound": groups.bound,
        "fewest": FEWEST,
    }


def _page(
    request: UserRequest,
    current: RoutingPolicy,
    form: PolicyForm,
    known: calibration.KnownProducts | None,
    *,
    shown: RoutingPolicy | None = None,
    status: int = 200,
) -> HttpResponse:
    """shown: the version whose effect is told; without one the form's numbers, if they are valid"""
    drafted = draft(current, form.changes()) if form.is_bound and form.is_valid() else None
    proposed = shown or drafted or current
    context = {
        "policy": current,
        "form": form,
        "history": policies.history()[:20],
        "query": _query(request),
    }
    context |= _effect(current, proposed, known)
    return render(request, "policy/index.html", context, status=status)
