"""Live accuracy of automatic listings, from the roll-ups alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from reviewapp.choices import AuditStratum, GroupKind
from reviewapp.domain.intervals import Interval, share
from reviewapp.domain.live_error import (
    ENOUGH,
    ENOUGH_OF_A_PART,
    Cell,
    LiveError,
    audits_missing,
    is_mature,
    live_error,
    summed,
)
from reviewapp.models import (
    Category,
    CertificateAlarm,
    ModelVersion,
    RouteTally,
    RoutingPolicy,
)

PERIODS: Final = (30, 90, 365)
_SUMS: Final = {name: Sum(name) for name in ("routed", "drawn", "answered", "wrong")}
_RANK: Final = {AuditStratum.NEAR: 0, AuditStratum.MIDDLE: 1, AuditStratum.FAR: 2}


@dataclass(frozen=True, slots=True)
class Figure:
    """The accuracy of the listings of one day, category, model or policy, or of all of them.

    label: which one; the day itself, which is written in the reader's language
    accuracy: 1 - error, with its interval; None while `missing` more audits must be answered
    """

    label: str | date
    listed: int
    drawn: int
    answered: int
    wrong: int
    estimate: LiveError | None
    missing: int

    @property
    def error(self) -> Interval | None:
        return None if self.estimate is None or self.missing else self.estimate.error

    @property
    def accuracy(self) -> Interval | None:
        return flipped(self.error) if self.error else None


@dataclass(frozen=True, slots=True)
class Cohort:
    """The audits of the listings of one day. is_mature: its answers count."""

    day: date
    drawn: int
    answered: int
    is_mature: bool

    @property
    def share(self) -> float | None:
        return self.answered / self.drawn if self.drawn else None


@dataclass(frozen=True, slots=True)
class Quality:
    """All figures of a period. reviewed: where FUSION was right among reviewed products; biased."""

    overall: Figure
    cohorts: Sequence[Cohort]
    by_day: Sequence[Figure]
    by_category: Sequence[Figure]
    by_model: Sequence[Figure]
    by_policy: Sequence[Figure]
    reviewed: Interval | None
    chart: dict[str, Any]

    def parts(self) -> list[tuple[str, Sequence[Figure]]]:
        """The figures with the name of what they are split by."""
        return [
            (_("Day of routing"), self.by_day),
            (_("Category"), self.by_category),
            (_("Model"), self.by_model),
            (_("Policy version"), self.by_policy),
        ]


def flipped(error: Interval) -> Interval:
    """Return the accuracy that goes with an error."""
    return Interval(1 - error.value, 1 - error.high, 1 - error.low, error.sample)


def quality(*, days: int, now: datetime) -> Quality:
    """Return the figures of listings made in the last `days` days."""
    rows = _tallies(days, now)
    listed = rows.exclude(stratum=AuditStratum.REVIEW)
    cohorts = _cohorts(listed, now.date())
    mature = _mature(listed, cohorts)
    by_day = _figures(mature, "day", {}, ENOUGH_OF_A_PART)
    names = {str(one.code): str(one) for one in Category.objects.all()}
    models = dict(ModelVersion.objects.values_list("pk", "name"))
    policies = {
        pk: f"v{version}" for pk, version in RoutingPolicy.objects.values_list("pk", "version")
    }
    return Quality(
        overall=_overall(mature),
        cohorts=cohorts,
        by_day=by_day,
        by_category=_figures(mature, "group", names, ENOUGH_OF_A_PART),
        by_model=_figures(mature, "model_version", models, ENOUGH),
        by_policy=_figures(mature, "policy", policies, ENOUGH),
        reviewed=_reviewed(rows),
        chart=_chart(by_day),
    )


def overall(*, days: int, now: datetime) -> Figure:
    """Return the figure of all listings made in the last `days` days, as `quality` does."""
    return overall_of(_tallies(days, now), now.date())


def overall_of(rows: QuerySet[RouteTally], today: date) -> Figure:
    """Return the figure of all listings among `rows`, by days whose checks are in."""
    listed = rows.exclude(stratum=AuditStratum.REVIEW)
    return _overall(_mature(listed, _cohorts(listed, today)))


def days_of(rows: QuerySet[RouteTally], today: date) -> tuple[list[Figure], Figure]:
    """Return the figures of the listings among `rows` by day whose checks are in, and of all of these."""
    listed = rows.exclude(stratum=AuditStratum.REVIEW)
    days: dict[date, list[Cell]] = defaultdict(list)
    for row in listed.values("day", "stratum", "inclusion_probability").annotate(**_SUMS):
        days[row["day"]].append(cell_of(row))
    mature = {day: cells for day, cells in sorted(days.items()) if _is_mature(day, cells, today)}
    together = [cell for cells in mature.values() for cell in cells]
    return (
        [figure(day, cells, ENOUGH_OF_A_PART) for day, cells in mature.items()],
        figure("", summed(together), ENOUGH),
    )


def _is_mature(day: date, cells: Sequence[Cell], today: date) -> bool:
    return is_mature(
        drawn=sum(cell.drawn for cell in cells),
        answered=sum(cell.answered for cell in cells),
        age_days=(today - day).days,
    )


def figure(label: str | date, cells: Iterable[Cell], enough: int) -> Figure:
    """Return the figure of `cells`, shown from `enough` answered audits on."""
    given = list(cells)
    answered = sum(cell.answered for cell in given)
    return Figure(
        label=label,
        listed=sum(cell.listed for cell in given),
        drawn=sum(cell.drawn for cell in given),
        answered=answered,
        wrong=sum(cell.wrong for cell in given),
        estimate=live_error(given),
        missing=audits_missing(answered, enough),
    )


def cell_of(row: Mapping[str, Any]) -> Cell:
    """Return the sums of one stratum as the domain's value."""
    return Cell(
        rank=_RANK[AuditStratum(row["stratum"])],
        rate=row["inclusion_probability"],
        listed=row["routed"],
        drawn=row["drawn"],
        answered=row["answered"],
        wrong=row["wrong"],
    )


def open_alarms() -> QuerySet[CertificateAlarm]:
    """Void certificates that nobody has acknowledged, newest first."""
    return _alarms().filter(closed_at=None)


def recent_alarms() -> QuerySet[CertificateAlarm]:
    """The last void certificates, newest first, acknowledged ones among them."""
    return _alarms()[:10]


def _alarms() -> QuerySet[CertificateAlarm]:
    related = ("policy", "policy_after", "model_version", "closed_by")
    return CertificateAlarm.objects.select_related(*related).order_by("-raised_at", "-pk")


def _cohorts(listed: QuerySet[RouteTally], today: date) -> list[Cohort]:
    sums = listed.values("day").annotate(drawn_=Sum("drawn"), answered_=Sum("answered"))
    return [
        Cohort(
            row["day"],
            row["drawn_"],
            row["answered_"],
            is_mature(
                drawn=row["drawn_"],
                answered=row["answered_"],
                age_days=(today - row["day"]).days,
            ),
        )
        for row in sums.order_by("day")
    ]


def _tallies(days: int, now: datetime) -> QuerySet[RouteTally]:
    since = now.date() - timedelta(days=days)
    return RouteTally.objects.filter(kind=GroupKind.CATEGORY, day__gt=since)


def _mature(listed: QuerySet[RouteTally], cohorts: Sequence[Cohort]) -> QuerySet[RouteTally]:
    return listed.filter(day__in=[one.day for one in cohorts if one.is_mature])


def _overall(mature: QuerySet[RouteTally]) -> Figure:
    return figure("", _cells(mature.values("stratum", "inclusion_probability")), ENOUGH)


def _cells(grouped: Any) -> list[Cell]:
    return [cell_of(row) for row in grouped.annotate(**_SUMS)]


def _figures(
    rows: QuerySet[RouteTally], by: str, names: Mapping[Any, str], enough: int
) -> list[Figure]:
    grouped: dict[Any, list[Cell]] = defaultdict(list)
    for row in rows.values(by, "stratum", "inclusion_probability").annotate(**_SUMS):
        grouped[row[by]].append(cell_of(row))
    return [
        figure(key if isinstance(key, date) else names.get(key, str(key)), grouped[key], enough)
        for key in sorted(grouped)
    ]


def _reviewed(rows: QuerySet[RouteTally]) -> Interval | None:
    sums = rows.filter(stratum=AuditStratum.REVIEW).aggregate(
        answered=Sum("answered"), wrong=Sum("wrong")
    )
    if not sums["answered"]:
        return None
    return share(sums["answered"] - sums["wrong"], sums["answered"])


def _chart(days: Sequence[Figure]) -> dict[str, Any]:
    """Return accuracy by day with its interval, as `static/js/charts.js` draws it."""
    shown = [(one.label, one.accuracy) for one in days if one.accuracy is not None]
    points = [(label, accuracy) for label, accuracy in shown if accuracy is not None]
    return {
        "x": {"title": _("Day of routing"), "type": "date"},
        "y": {"title": _("Right among listed"), "format": ".2~%"},
        "series": [
            {
                "kind": "line",
                "name": _("Right among listed"),
                "x": [str(label) for label, _one in points],
                "y": [one.value for _label, one in points],
                "low": [one.low for _label, one in points],
                "high": [one.high for _label, one in points],
                "tone": "accent",
            }
        ],
    }
