"""What the team does, as the page Team measures it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from reviewapp.choices import MeasureKind
from reviewapp.models import QueueState
from reviewapp.selectors import team as measured
from reviewapp.selectors.dashboards.panel import Column, Panel
from reviewapp.selectors.dashboards.scope import Scope


def throughput(scope: Scope, now: datetime) -> Panel:
    """Answers by day, added up from what was observed at each full hour."""
    began, ended = scope.moments()
    by_day = (
        QueueState.objects.filter(at__gte=began, at__lt=ended, at__minute=0)
        .annotate(day=TruncDate("at"))
        .values_list("day")
        .annotate(answers=Sum("answered"), most=Max("people"))
    )
    rows = list(by_day.order_by("day"))
    return Panel(
        title=_("Answers of people"),
        words=[_("The whole team, whatever is chosen above; each person’s pace stands on the page Team.")],
        columns=[
            Column("day", _("Day"), "day"),
            Column("answers", _("Answers"), "count"),
            Column("people", _("Most people at once"), "count"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Answers"), "from": 0},
            "series": [
                {
                    "kind": "bar",
                    "name": _("Answers"),
                    "x": [row[0].isoformat() for row in rows],
                    "y": [row[1] for row in rows],
                    "tone": "accent",
                }
            ],
        },
        empty=_("Nothing was observed in this period."),
    )  # fmt: skip


def team(scope: Scope, now: datetime) -> Panel:
    """The measures of the team as they stand now."""
    measures = zip(MeasureKind, measured.overall(moderator=None, kinds=MeasureKind), strict=True)
    rows = [
        (str(kind.label), one.value, one.low, one.high, one.sample)
        for kind, one in measures
        if one is not None and one.value is not None
    ]
    return Panel(
        title=_("Team"),
        words=[_("As the page Team has it now, each with its 95 %% interval.") % {}],
        columns=[
            Column("measure", _("Measure")),
            Column("value", _("Value"), "amount"),
            Column("low", _("At least"), "amount"),
            Column("high", _("At most"), "amount"),
            Column("sample", _("Sample"), "count"),
        ],
        rows=rows,
        chart=None,
        empty=_("Nothing about the team has its minimum sample yet."),
    )
