"""What a policy in force or in mind would do, beside the alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from reviewapp.domain import policy_effect
from reviewapp.domain.costs import Costs
from reviewapp.domain.foresight import foreseen
from reviewapp.domain.intervals import Interval
from reviewapp.domain.policy_effect import CategoryEffect, Effect, Promise, Sample
from reviewapp.domain.routing import Policy
from reviewapp.models import Promotion, RoutingPolicy

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
    """

    alternatives: Sequence[Alternative]
    foreseen: Interval | None
    right_at_flat: float
    promise: Promise
    categories: Sequence[CategoryEffect]
    chart: dict[str, Any]


def history() -> QuerySet[RoutingPolicy]:
    """All versions, newest first, with their authors."""
    return RoutingPolicy.objects.select_related("created_by").order_by("-version")


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
    return WhatIf(
        foreseen=foreseen(sample, proposed, costs, ahead) if ahead else None,
        right_at_flat=float(sample.trust.right(np.array([FLAT]))[0]),
        alternatives=[
            Alternative(key, title, one, policy_effect.effect(sample, one, costs, arrivals))
            for key, title, one in options
        ],
        promise=promise,
        categories=policy_effect.by_category(sample, proposed, target),
        chart=_chart(sample, proposed, costs, arrivals, target),
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


def _chart(
    sample: Sample, policy: Policy, costs: Costs, arrivals: float, target: float
) -> dict[str, Any]:
    """Return coverage, error and its bound by threshold, as `static/js/charts.js` draws them."""
    points = policy_effect.curve(sample, policy, costs, arrivals, _CURVE)
    at = [threshold for threshold, _effect in points]

    def line(name: str, values: list[float | None], tone: str, axis: str = "y") -> dict[str, Any]:
        return {"kind": "line", "name": name, "x": at, "y": values, "tone": tone, "axis": axis}

    return {
        "x": {"title": _("Threshold"), "format": ".0%"},
        "y": {"title": _("Share"), "format": ".0%", "from": 0},
        "y2": {"title": _("Cost a day"), "from": 0},
        "series": [
            line(_("Listed by itself"), [e.coverage.value for _t, e in points], "accent"),
            line(_("Wrong among listed"), [_value(e) for _t, e in points], "danger"),
            line(
                _("At most (sure to 95 %)"),
                [e.bound if e.accepted else None for _t, e in points],
                "warning",
            ),
            line(_("Cost a day"), [e.money.value for _t, e in points], "info", "y2"),
        ],
        "marks": [{"y": target, "text": _("Target")}],
    }


def _value(effect: Effect) -> float | None:
    return effect.error.value if effect.error else None
