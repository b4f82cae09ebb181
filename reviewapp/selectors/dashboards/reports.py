"""What buyers report: how much, how often they are right, and how soon they get an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.utils.translation import gettext as _

from reviewapp.choices import ReportStatus
from reviewapp.domain.delays import quantile
from reviewapp.domain.intervals import Interval
from reviewapp.domain.intervals import share as interval_of
from reviewapp.selectors.dashboards.panel import Column, Panel, Value
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.templatetags.measures import interval, seconds, share


@dataclass(slots=True)
class Reports:
    """Reports by status, and the answered ones by bucket of the delay from filing to answer."""

    statuses: Counter[str] = field(default_factory=Counter)
    delays: Counter[int] = field(default_factory=Counter)

    @property
    def upheld(self) -> Interval | None:
        """Share of the answered reports that were right; None without an answer."""
        right, wrong = self.statuses[ReportStatus.UPHELD], self.statuses[ReportStatus.DISMISSED]
        return interval_of(right, right + wrong) if right + wrong else None


def reports(scope: Scope, now: datetime) -> Panel:
    """Volume, share upheld and time to answer, by day of filing."""
    days = _by_day(scope)
    rows = [_row(day, days[day]) for day in sorted(days)]
    return Panel(
        title=_("Buyers’ reports"),
        words=_words(days),
        columns=[
            Column("day", _("Day of report"), "day"),
            Column("reports", _("Reports"), "count"),
            Column("upheld", _("Upheld"), "count"),
            Column("dismissed", _("Dismissed"), "count"),
            Column("waiting", _("Waiting"), "count"),
            Column("closed", _("Closed without an answer"), "count"),
            Column("share", _("Share upheld"), "share"),
            Column("low", _("At least"), "share"),
            Column("high", _("At most"), "share"),
            Column("p50", _("p50 to answer"), "seconds"),
            Column("p95", _("p95 to answer"), "seconds"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Reports"), "from": 0},
            "bars": "stack",
            "series": [
                _bars(_("Upheld"), "danger", rows, 2),
                _bars(_("Dismissed"), "accent", rows, 3),
                _bars(_("Waiting"), "warning", rows, 4),
                _bars(_("Closed without an answer"), "ink-2", rows, 5),
            ],
        },
        empty=_("No report was filed in this period."),
    )


def _by_day(scope: Scope) -> Mapping[date, Reports]:
    days: dict[date, Reports] = defaultdict(Reports)
    # One row for each day and status: of thousands, reading them takes longer than finding them.
    rows = scope.reports().values_list("day", "status")
    columns = rows.annotate(b=ArrayAgg("bucket"), n=ArrayAgg("reports")).order_by()
    for day, status, buckets, reports in columns:
        days[day].statuses[status] += sum(reports)
        for bucket, count in zip(buckets, reports, strict=True):
            if bucket is not None:
                days[day].delays[bucket] += count
    return days


def _row(day: date, one: Reports) -> list[Value]:
    counts, upheld = one.statuses, one.upheld
    return [
        day,
        counts.total(),
        counts[ReportStatus.UPHELD],
        counts[ReportStatus.DISMISSED],
        counts[ReportStatus.OPEN],
        counts[ReportStatus.EXPIRED] + counts[ReportStatus.VOIDED],
        upheld.value if upheld else None,
        upheld.low if upheld else None,
        upheld.high if upheld else None,
        quantile(one.delays, 0.5),
        quantile(one.delays, 0.95),
    ]


def _words(days: Mapping[date, Reports]) -> list[str]:
    whole = Reports()
    for one in days.values():
        whole.statuses.update(one.statuses)
        whole.delays.update(one.delays)
    if whole.upheld is None:
        return [_("No report of this period has an answer yet.")]
    return [
        _("%(share)s of the answered reports were right, %(interval)s with 95 %% confidence.")
        % {"share": share(whole.upheld), "interval": interval(whole.upheld)},
        _("Half of the answers came within %(median)s of the report, 95 %% within %(late)s.")
        % {"median": seconds(quantile(whole.delays, 0.5)), "late": seconds(quantile(whole.delays, 0.95))},
        _("Young days still get answers. What waits also waits because it was held as agreed upon, or is too light to be looked at."),
    ]  # fmt: skip


def _bars(name: str, tone: str, rows: list[list[Value]], at: int) -> dict[str, Any]:
    days = [row[0].isoformat() for row in rows if isinstance(row[0], date)]
    return {"kind": "bar", "name": name, "x": days, "y": [row[at] for row in rows], "tone": tone}
