"""What a policy in force or in mind would do, beside the alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from reviewapp.domain import policy_effect
from reviewapp.domain.category_effects import CategoryEffect, by_category
from reviewapp.domain.costs import Costs
from reviewapp.domain.foresight import foreseen
from reviewapp.domain.intervals import Interval
from reviewapp.domain.policy_effect import Effect, Promise, Sample
from reviewapp.domain.routing import Policy
from reviewapp.models import CertificateAlarm, Promotion, RoutingPolicy

FLAT = 0.80
AHEAD_DAYS: Final = 30
_CURVE = tuple(round(0.4 + step / 50, 2) for step in range(31))


@dataclass(frozen=True, slots=True)
class Alternative:
    """A policy and its effect. key: as the page's address names it; empty for fixed comparisons."""

    key: str
    title: str
    policy: Policy
    effect: Effect


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A proposed policy beside the one in force and what else one might do.

    foreseen: what the proposed one will cost in AHEAD_DAYS days; None where nothing arrives
    right_at_flat: share of answers with a confidence of FLAT that are right, by the sample
    curve: the effect of each flat threshold; chart and work draw it
    """

    alternatives: Sequence[Alternative]
    foreseen: Interval | None
    right_at_flat: float
    promise: Promise
    categories: Sequence[CategoryEffect]
    curve: Sequence[tuple[float, Effect]]
    chart: dict[str, Any]
    work: dict[str, Any]


def history() -> QuerySet[RoutingPolicy]:
    """All versions, newest first, with their authors, and what code has made them for.

    for_model: name of the model that a promotion set them for; void_version: the version whose void
    certificate made them stricter
    """
    promotion = Promotion.objects.filter(policy=OuterRef("pk"))
    alarm = CertificateAlarm.objects.filter(policy_after=OuterRef("pk"))
    rows = RoutingPolicy.objects.select_related("created_by").annotate(
        for_model=Subquery(promotion.values("version__name")[:1]),
        void_version=Subquery(alarm.values("policy__version")[:1]),
    )
    return rows.order_by("-version")


def set_by_a_person(policy: RoutingPolicy) -> RoutingPolicy:
    """Return `policy`, or where a promotion has made it the one that a person had set before."""
    while made := Promotion.objects.filter(policy=policy).select_related("policy_before").first():
        policy = made.policy_before or policy
    return policy


def what_if(
    *,
    sample: Sample,
    current: Policy,
    proposed: Policy,
    costs: Costs,
    target: float,
    arrivals: float,
) -> WhatIf:
    """Compare `proposed` with `current` and the alternatives, all at the same costs."""
    others, promise = _others(sample, proposed, costs, target)
    titles = {
        "proposed": _("Proposed"),
        "current": _("In force"),
        "flat": _("A flat 80 %"),
        "cheapest": _("Least cost"),
        "certified": _("Least cost, certified"),
    }
    options = [
        *(
            (key, titles[key], one)
            for key, one in ({"proposed": proposed, "current": current} | others).items()
        ),
        ("", _("All by hand"), policy_effect.all_manual(sample, proposed)),
    ]
    ahead = AHEAD_DAYS * arrivals
    curve = policy_effect.curve(sample, proposed, costs, arrivals, _CURVE)
    return WhatIf(
        foreseen=foreseen(sample, proposed, costs, ahead) if ahead else None,
        right_at_flat=float(sample.trust.right(np.array([FLAT]))[0]),
        alternatives=[
            Alternative(key, title, one, policy_effect.effect(sample, one, costs, arrivals))
            for key, title, one in options
        ],
        promise=promise,
        categories=by_category(sample, proposed, costs, arrivals, target),
        curve=curve,
        chart=_chart(curve, target),
        work=_work(curve),
    )


def alternative(
    key: str, *, sample: Sample, current: Policy, costs: Costs, target: float
) -> Policy | None:
    """Return what `what_if` compares the policy in force with under this key, if there is such."""
    return _others(sample, current, costs, target)[0].get(key)


def _others(
    sample: Sample, policy: Policy, costs: Costs, target: float
) -> tuple[dict[str, Policy], Promise]:
    cheapest = policy_effect.cheapest(policy, costs, sample.trust)
    promise = policy_effect.certified(sample, cheapest, target)
    others = {"flat": policy_effect.flat(policy, FLAT), "cheapest": cheapest}
    return others | ({"certified": promise.policy} if promise.policy else {}), promise


def _chart(curve: Sequence[tuple[float, Effect]], target: float) -> dict[str, Any]:
    """Return coverage, error, its bound and money by threshold, as `static/js/charts.js` draws them."""
    effects = [effect for _at, effect in curve]
    at_most = {
        "kind": "line",
        "name": _("At most (sure to 95 %)"),
        "x": [at for at, _effect in curve],
        "y": [effect.bound if effect.accepted else None for effect in effects],
        "tone": "warning",
    }
    return {
        "x": {"title": _("Threshold"), "format": ".0%"},
        "y": {"title": _("Share"), "format": ".0%", "from": 0},
        "y2": {"title": _("Cost a day"), "from": 0},
        "series": [
            _line(curve, _("Listed by itself"), [e.coverage for e in effects], "accent"),
            _line(curve, _("Wrong among listed"), [e.error for e in effects], "danger"),
            at_most,
            _line(curve, _("Cost a day"), [e.money for e in effects], "info") | {"axis": "y2"},
        ],
        "marks": [{"y": target, "text": _("Target")}],
    }


def _work(curve: Sequence[tuple[float, Effect]]) -> dict[str, Any]:
    """Return reviews and hours a day by threshold, as `static/js/charts.js` draws them."""
    reviews, hours = _("Reviews a day"), _("Moderator hours a day")
    effects = [effect for _at, effect in curve]
    return {
        "x": {"title": _("Threshold"), "format": ".0%"},
        "y": {"title": reviews, "from": 0},
        "y2": {"title": hours, "from": 0},
        "series": [
            _line(curve, reviews, [e.reviews for e in effects], "accent"),
            _line(curve, hours, [e.hours for e in effects], "info") | {"axis": "y2"},
        ],
    }


def _line(
    curve: Sequence[tuple[float, Effect]], name: str, values: Sequence[Interval | None], tone: str
) -> dict[str, Any]:
    edges = {
        key: [None if one is None else getattr(one, part) for one in values]
        for key, part in (("y", "value"), ("low", "low"), ("high", "high"))
    }
    at = [threshold for threshold, _effect in curve]
    return {"kind": "line", "name": name, "x": at, "tone": tone} | edges
