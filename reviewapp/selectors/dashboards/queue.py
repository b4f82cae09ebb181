"""How old and how long the review queue is, and when it will be empty."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviewapp.domain.queue_forecast import Forecast, Observation, forecast
from reviewapp.models import QueueState
from reviewapp.selectors.dashboards.panel import Column, Panel
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.selectors.workload import COUNT_UP_TO
from reviewapp.templatetags.measures import amount

# Of the whole queue: neither model nor category narrow it.
_SHOWN = 24 * 7


def queue(scope: Scope, now: datetime) -> Panel:
    """The queue hour by hour up to a week back from the last day, and the present forecast."""
    end = min(now, scope.moments()[1])
    # The first state of each hour.
    states = QueueState.objects.filter(
        at__gt=end - timedelta(hours=_SHOWN), at__lte=end, at__minute=0
    ).order_by("at")
    rows = [
        (
            one.at,
            one.open,
            (one.at - one.oldest_at).total_seconds() if one.oldest_at else None,
            one.answered,
            one.people,
        )
        for one in states
    ]
    return Panel(
        title=_("Review queue"),
        words=[_words(expected(now=now), now), _("The whole queue, whatever is chosen above; rates are of the last hour.")],
        columns=[
            Column("at", _("Hour"), "moment"),
            Column("open", _("Waiting"), "count"),
            Column("oldest_seconds", _("Oldest waits"), "seconds"),
            Column("answered", _("Answers in the hour before"), "count"),
            Column("people", _("People at work"), "count"),
        ],
        rows=rows,
        chart={
            "x": {"type": "date"},
            "y": {"title": _("Waiting"), "from": 0},
            "series": [
                {
                    "kind": "area",
                    "name": _("Waiting"),
                    "x": [timezone.localtime(row[0]).isoformat() for row in rows],
                    "y": [row[1] for row in rows],
                    "tone": "accent",
                }
            ],
        },
        empty=_("The queue was not measured at a full hour of this week yet."),
    )  # fmt: skip


def expected(*, now: datetime) -> Forecast:
    """Return when the queue will be empty at the pace of the last hour."""
    last = QueueState.objects.filter(at__lte=now).order_by("-at").first()
    before = None
    if last is not None:
        hour = timedelta(hours=1)
        around = (last.at - hour, last.at - hour / 2)
        before = QueueState.objects.filter(at__range=around).order_by("at").first()
    return forecast(_observation(before), _observation(last), now)


def _observation(state: QueueState | None) -> Observation | None:
    if state is None:
        return None
    is_more = state.open >= COUNT_UP_TO
    return Observation(state.at, state.open, is_more, state.answered, state.people)


def _words(one: Forecast, now: datetime) -> str:
    if one.empty_at is None:
        reasons = {
            "unmeasured": _("the queue was not measured for an hour yet"),
            "stale": _("it was not measured for half an hour: the workers seem to be away"),
            "many": _("more products wait than are counted"),
            "nobody": _("nobody answered in the last hour"),
            "growing": _("as many or more come in than are answered"),
            "far": _("at this pace it takes more than a week"),
        }
        return _("When the queue will be empty cannot be told: %(reason)s.") % {
            "reason": reasons[one.why]
        }
    if one.empty_at <= now:
        return _("The queue is empty.")
    local = timezone.localtime(one.empty_at)
    is_today = local.date() == timezone.localtime(now).date()
    words = ngettext(
        "Empty at %(at)s with %(people)s person: %(arrivals)s come and %(answers)s are answered an hour.",
        "Empty at %(at)s with %(people)s people: %(arrivals)s come and %(answers)s are answered an hour.",
        one.people,
    )
    return words % {
        "at": date_format(local, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT"),
        "people": one.people,
        "arrivals": amount(one.arrivals),
        "answers": amount(one.answers),
    }  # fmt: skip
