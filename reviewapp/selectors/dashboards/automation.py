"""How much is listed by the models alone, and how much of that is right."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from reviewapp.choices import AuditStratum
from reviewapp.selectors import quality
from reviewapp.selectors.dashboards.panel import Column, Panel
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.templatetags.measures import interval, share


def automation(scope: Scope, now: datetime) -> Panel:
    """Coverage by day of routing."""
    listed = Sum("routed", filter=~Q(stratum=AuditStratum.REVIEW), default=0)
    sums = scope.routes().values("day").annotate(all=Sum("routed"), listed=listed)
    rows = [
        (one["day"], one["all"], one["listed"], one["listed"] / one["all"])
        for one in sums.order_by("day")
        if one["all"]
    ]
    routed, automatic = sum(row[1] for row in rows), sum(row[2] for row in rows)
    words = [
        _("%(share)s of what the models answered was listed without anybody looking.")
        % {"share": share(automatic / routed)}
    ] if routed else []  # fmt: skip
    return Panel(
        title=_("Automation"),
        words=words,
        columns=[
            Column("day", _("Day"), "day"),
            Column("routed", _("Routed"), "count"),
            Column("listed", _("Automatic listings"), "count"),
            Column("coverage", _("Listed by itself"), "share"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Listed by itself"), "format": ".0%", "from": 0},
            "series": [
                {
                    "kind": "line",
                    "name": _("Listed by itself"),
                    "x": [row[0].isoformat() for row in rows],
                    "y": [row[3] for row in rows],
                    "tone": "accent",
                }
            ],
        },
        empty=_("Nothing was routed in this period."),
    )


def accuracy(scope: Scope, now: datetime) -> Panel:
    """Accuracy of automatic listings by day, as the page Quality estimates it from blind audits."""
    days, whole = quality.days_of(scope.routes(), now.date())
    rows = [
        (
            one.label,
            one.accuracy.value if one.accuracy else None,
            one.accuracy.low if one.accuracy else None,
            one.accuracy.high if one.accuracy else None,
            one.listed,
            one.answered,
            one.wrong,
        )
        for one in days
    ]
    shown = [row for row in rows if row[1] is not None]
    return Panel(
        title=_("Accuracy"),
        words=[_accuracy_words(whole)],
        columns=[
            Column("day", _("Day"), "day"),
            Column("accuracy", _("Right among listed"), "share"),
            Column("low", _("At least"), "share"),
            Column("high", _("At most"), "share"),
            Column("listed", _("Automatic listings"), "count"),
            Column("answered", _("Answered"), "count"),
            Column("wrong", _("Wrong"), "count"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Right among listed"), "format": ".2~%"},
            "series": [
                {
                    "kind": "line",
                    "name": _("Right among listed"),
                    "x": [str(row[0]) for row in shown],
                    "y": [row[1] for row in shown],
                    "low": [row[2] for row in shown],
                    "high": [row[3] for row in shown],
                    "tone": "accent",
                }
            ],
        }
        if shown
        else None,
        empty=_("No day of this period has its checks answered yet."),
    )


def _accuracy_words(whole: quality.Figure) -> str:
    if whole.accuracy is None:
        return _("Not enough yet: %(missing)s more audits needed.") % {"missing": whole.missing}
    return _("%(share)s of automatic listings are right, %(interval)s with 95 %% confidence.") % {
        "share": share(whole.accuracy),
        "interval": interval(whole.accuracy),
    }
