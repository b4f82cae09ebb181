"""How the declared groups fare, from the roll-ups; and whether a policy would be fair to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from reviewapp.choices import AuditStratum, GroupKind, ReportStatus
from reviewapp.domain.fairness import (
    ERROR,
    WAITING,
    GroupJudgement,
    judge,
    worst_to_best,
)
from reviewapp.domain.intervals import Interval, share
from reviewapp.domain.live_error import ENOUGH_OF_A_PART, Cell, error_at_least
from reviewapp.models import CategoryFamily, ModelVersion, ReportTally, RouteTally
from reviewapp.selectors.quality import cell_of, figure
from reviewapp.templatetags.languages import language_name

DAYS: Final = 90
DECLARED: Final = (
    GroupKind.FAMILY,
    GroupKind.LANGUAGE,
    GroupKind.SELLER,
    GroupKind.DESCRIPTION,
    GroupKind.PICTURE,
)
MEASURES: Final = ("error", "automatic", "listed_in_a_day", "reports_right")
"""Wrong among automatic listings; listed by the models alone when they arrived; in the shop within a
day of arrival; answered buyers' reports that were right."""
_SUMS: Final = ("routed", "drawn", "answered", "wrong", "products", "listed_in_a_day")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured share of a group: None while `missing` more audits, products or reports are needed."""

    name: str
    share: Interval | None
    missing: int


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group. audits: answered ones; measures: of MEASURES."""

    label: str
    group: str
    products: int
    audits: int
    measures: Sequence[Measure]


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The groups of one kind."""

    kind: GroupKind
    groups: Sequence[GroupFigures]

    @property
    def ratios(self) -> list[tuple[str, float | None]]:
        """Say by measure how many times the smallest group's share the largest is."""
        columns = zip(*(one.measures for one in self.groups), strict=True)
        return [
            (column[0].name, worst_to_best([one.share for one in column if one.share]))
            for column in columns
        ]


def fairness(*, now: datetime, model_version: ModelVersion | None = None) -> list[KindFigures]:
    """Return the figures of all declared groups over the last DAYS days, of one model or of all.

    Today is left out: its products have not had a day to be listed.
    """
    rows = _rows(now, model_version)
    reports = _report_counts(now)
    labels = _family_names()
    found = []
    for kind in DECLARED:
        groups = sorted({group for one, group in rows if one == kind}, key=_place)
        figures = [
            _group(kind, group, rows[kind, group], reports.get((kind, group), (0, 0)), labels)
            for group in groups
        ]
        found.append(KindFigures(kind, figures))
    return found


def judgements(
    *, model_version: ModelVersion | None, bound: float, now: datetime
) -> list[GroupJudgement]:
    """Hold each group's live error and waiting under `model_version` against `bound` times overall.

    `breaks` names who is surely worse off, `is_judged` who has
    enough products to tell.
    """
    rows = _rows(now, model_version)
    one_kind = [
        row for (kind, _g), some in rows.items() if kind == GroupKind.PICTURE for row in some
    ]
    tests = 2 * len(rows)
    names = {key: f"{key[0]}:{key[1]}" for key in rows}
    waits = {names[key]: _waiting(some) for key, some in rows.items()}
    held, products = _waiting(one_kind)
    found = judge(WAITING, waits, held / products if products else 0.0, bound, tests)
    overall = figure("", _cells(one_kind), 0).estimate
    if overall is None:
        return found
    for key, some in rows.items():
        cells = _cells(some)
        own = figure("", cells, 0)
        known = own.estimate
        value, low = (known.error.value, error_at_least(cells, tests)) if known else (0.0, 0.0)
        found.append(
            GroupJudgement(ERROR, names[key], value, low, overall.error.value, own.answered, bound)
        )
    return found


def group_label(kind: str, group: str, families: Mapping[str, str]) -> str:
    """Return what a person calls the group."""
    words = {
        "missing": _("missing"),
        "present": _("present"),
        "unknown": _("not recognised"),
        "feed": _("no account (imported)"),
        "few": _("fewer than 10"),
        "some": _("10 to 99"),
        "many": _("100 and more"),
    }
    if kind == GroupKind.FAMILY:
        return families.get(group, group)
    if kind == GroupKind.LANGUAGE and group not in words:
        return language_name(group)
    return words.get(group, group)


def _place(group: str) -> tuple[int, str]:
    """Sellers by size, everybody else by name."""
    sizes = ("few", "some", "many", "feed")
    return (sizes.index(group) if group in sizes else 0, group)


def _family_names() -> dict[str, str]:
    return {family.slug: family.name for family in CategoryFamily.objects.all()}


def kind_label(kind: str) -> str:
    """Return what a person calls a kind of groups."""
    return _("Text") if kind == "text" else str(GroupKind(kind).label)


def labelled(found: Sequence[GroupJudgement]) -> list[tuple[str, str, GroupJudgement]]:
    """Return judgements with the names of their kind and group."""
    families = _family_names() if found else {}
    return [
        (kind_label(one.kind), group_label(one.kind, one.group, families), one) for one in found
    ]


Rows = dict[tuple[str, str], list[dict[str, Any]]]


def _rows(now: datetime, version: ModelVersion | None) -> Rows:
    today = now.date()
    rows = RouteTally.objects.filter(
        kind__in=DECLARED, day__gte=today - timedelta(days=DAYS), day__lt=today
    )
    if version is not None:
        rows = rows.filter(model_version=version)
    grouped: Rows = defaultdict(list)
    sums = {name: Sum(name) for name in _SUMS}
    by = ("kind", "group", "stratum", "inclusion_probability")
    for row in rows.values(*by).annotate(**sums):
        grouped[row["kind"], row["group"]].append(row)
    return grouped


def _cells(rows: Sequence[Mapping[str, Any]]) -> list[Cell]:
    """Sum the strata of listings; what was reviewed is no listing."""
    listed = [row for row in rows if row["stratum"] != AuditStratum.REVIEW]
    sums: dict[tuple[str, float], Counter[str]] = defaultdict(Counter)
    for row in listed:
        counts = {name: row[name] for name in ("routed", "drawn", "answered", "wrong")}
        sums[row["stratum"], row["inclusion_probability"]].update(counts)
    return [
        cell_of(
            {"routed": 0, "drawn": 0, "answered": 0, "wrong": 0}
            | dict(counts)
            | {"stratum": stratum, "inclusion_probability": rate}
        )
        for (stratum, rate), counts in sums.items()
    ]


def _waiting(rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many products were held back when they arrived, and how many arrived.

    First routes only: an edit, or a model that goes through the queue again, is no arrival.
    """
    products = sum(row["products"] for row in rows)
    held = sum(row["products"] for row in rows if row["stratum"] == AuditStratum.REVIEW)
    return held, products


def _group(
    kind: GroupKind,
    group: str,
    rows: Sequence[Mapping[str, Any]],
    reports: tuple[int, int],
    families: Mapping[str, str],
) -> GroupFigures:
    held, products = _waiting(rows)
    prompt = sum(row["listed_in_a_day"] for row in rows)
    listing = figure("", _cells(rows), ENOUGH_OF_A_PART)
    measures = (
        Measure(MEASURES[0], listing.error, listing.missing),
        _measure(MEASURES[1], products - held, products),
        _measure(MEASURES[2], prompt, products),
        _measure(MEASURES[3], *reports),
    )
    label = group_label(kind, group, families)
    return GroupFigures(label, group, products, listing.answered, measures)


def _measure(name: str, hits: int, sample: int) -> Measure:
    missing = max(0, ENOUGH_OF_A_PART - sample)
    return Measure(name, None if missing else share(hits, sample), missing)


def _report_counts(now: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """Return by kind and group how many answered reports were right, and how many there were."""
    status = [ReportStatus.UPHELD, ReportStatus.DISMISSED]
    answered = ReportTally.objects.filter(
        kind__in=DECLARED, day__gte=now.date() - timedelta(days=DAYS), status__in=status
    )
    right = Sum("reports", filter=Q(status=ReportStatus.UPHELD), default=0)
    rows = answered.values_list("kind", "group").annotate(right=right, total=Sum("reports"))
    return {(kind, group): (upheld, total) for kind, group, upheld, total in rows}
