"""How long products take after their arrival, from mergeable histograms."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviewapp.choices import DelayStep
from reviewapp.domain.delays import ERROR, HOUR, Budget, bucket, quantile
from reviewapp.selectors.dashboards.panel import Column, Panel
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.templatetags.measures import amount, share

SHARES: Final = (0.5, 0.9, 0.95, 0.99)
TARGET: Final = 0.95
LIMITS: Final = (1, 2, 4, 8, 16, 32, 64)
WINDOWS: Final = (1, 7, 30)
_TONES: Final = ("accent", "warning", "info", "danger")


def percentiles(scope: Scope, now: datetime) -> Panel:
    """Quantiles of the delay of each step, over all products of the period."""
    counts = scope.steps()
    delays = {step: [quantile(counts[step], one) for one in SHARES] for step in DelayStep}
    rows = [
        (str(step.label), counts[step].total(), *delays[step]) for step in DelayStep if counts[step]
    ]
    series = [
        {
            "kind": "bar",
            "name": f"p{one * 100:.0f}",
            "x": [row[0] for row in rows],
            "y": [(delays[step][at] or 0) / HOUR for step in DelayStep if counts[step]],
            "tone": _TONES[at],
        }
        for at, one in enumerate(SHARES)
    ]
    return Panel(
        title=_("From arrival to each step"),
        words=[
            _("Half of the products take at most p50, 95 %% at most p95. Read from buckets: each is at most %(error)s off.")
            % {"error": share(ERROR)},
            _("First seen and decided: products that went to people only."),
        ],
        columns=[
            Column("step", _("Step")),
            Column("products", _("Products"), "count"),
            *(Column(f"p{one * 100:.0f}", f"p{one * 100:.0f}", "seconds") for one in SHARES),
        ],
        rows=rows,
        chart={
            "x": {"type": "category"},
            "y": {"title": _("Hours (log scale)"), "type": "log"},
            "bars": "group",
            "series": series,
        },
        empty=_("No product of this period has got so far."),
    )  # fmt: skip


def cohorts(scope: Scope, now: datetime) -> Panel:
    """By day of arrival: how many are listed, and how fast the listed ones were."""
    listed = {day: scope.listed.get(day, Counter()) for day in scope.routed}
    rows = [
        (
            day,
            products,
            listed[day].total() / products,
            quantile(listed[day], 0.5),
            quantile(listed[day], 0.95),
        )
        for day, products in scope.routed.items()
    ]
    return Panel(
        title=_("By day of arrival"),
        words=[_("Young days still gain: their slow products are not listed yet.")],
        columns=[
            Column("day", _("Day of arrival"), "day"),
            Column("products", _("Products"), "count"),
            Column("listed", _("Listed so far"), "share"),
            Column("p50", _("p50 of the listed"), "seconds"),
            Column("p95", _("p95 of the listed"), "seconds"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Listed so far"), "format": ".0%", "from": 0},
            "series": [
                {
                    "kind": "line",
                    "name": _("Listed so far"),
                    "x": [row[0].isoformat() for row in rows],
                    "y": [row[2] for row in rows],
                    "tone": "accent",
                }
            ],
        },
        empty=_("No product of this period has got so far."),
    )


def service_level(scope: Scope, now: datetime) -> Panel:
    """Share of arrivals listed in time by day, with what of the error budget is burnt."""
    days = _in_time(scope, now)
    rows = [(day, one.arrived, one.in_time, one.kept, one.burn) for day, one in days.items()]
    words = [
        _("Objective: %(target)s of arrivals are listed within %(hours)s hours.")
        % {"target": share(TARGET), "hours": scope.hours}
    ]
    words += [_burn_words(days, window) for window in WINDOWS if days]
    return Panel(
        title=_("Service level"),
        words=words,
        columns=[
            Column("day", _("Day of arrival"), "day"),
            Column("arrived", _("Arrived"), "count"),
            Column("in_time", _("Listed in time"), "count"),
            Column("share", _("Share"), "share"),
            Column("burn", _("Burn (1: just kept)"), "amount"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Listed in time"), "format": ".0%", "from": 0},
            "series": [
                {
                    "kind": "line",
                    "name": _("Listed in time"),
                    "x": [row[0].isoformat() for row in rows],
                    "y": [row[3] for row in rows],
                    "tone": "accent",
                }
            ],
            "marks": [{"y": TARGET, "text": share(TARGET)}],
        },
        empty=_("No day of this period is old enough to be late."),
    )


def _in_time(scope: Scope, now: datetime) -> dict[date, Budget]:
    # The last arrival of a day has had its hours, and what was listed then has been counted.
    ended = (now - timedelta(hours=scope.hours + 1)).date()
    edge = bucket(scope.hours * HOUR)
    found = {}
    for day, arrived in scope.routed.items():
        if day < ended:
            listed = scope.listed.get(day, Counter()).items()
            in_time = sum(products for index, products in listed if index <= edge)
            found[day] = Budget(arrived, in_time, TARGET)
    return found


def _burn_words(days: dict[date, Budget], window: int) -> str:
    last = [days[day] for day in sorted(days)[-window:]]
    whole = Budget(sum(one.arrived for one in last), sum(one.in_time for one in last), TARGET)
    words = ngettext(
        "Last day: %(kept)s in time, burn %(burn)s.",
        "Last %(days)s days: %(kept)s in time, burn %(burn)s.",
        len(last),
    )
    return words % {"days": len(last), "kept": share(whole.kept), "burn": amount(whole.burn)}
