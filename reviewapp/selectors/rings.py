"""Bursts and rings of reports: what they are found in, and what an admin sees of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from reviewapp.choices import RingStatus
from reviewapp.domain.rings import Filed, Usual
from reviewapp.domain.weight import Record, Rules, weight_of
from reviewapp.models import MisclassificationReport, ReportRing, RingEvent
from reviewapp.selectors.pages import Page, page_by_time
from reviewapp.selectors.report_cases import records

PAGE_SIZE = 25
REPORTS_SHOWN = 200
_A_WEEK = timedelta(days=7)
# What an admin has judged is not found again.
_UNJUDGED = Q(ring=None) | Q(ring__status=RingStatus.HELD)


@dataclass(frozen=True, slots=True)
class RingRow:
    """A ring with what happened to it, newest first, and its numbers when it last grew."""

    ring: ReportRing
    events: list[RingEvent]

    @property
    def numbers(self) -> dict[str, Any]:
        held = [event for event in self.events if event.kind == RingStatus.HELD]
        return held[0].details if held else {}


@dataclass(frozen=True, slots=True)
class Member:
    """One report of a ring: numbers for account and network, no names; anonymous has no age."""

    account: int
    account_days: float | None
    network: int | None
    seconds: float
    report: MisclassificationReport


def filed_since(
    *, since: datetime, rules: Rules, half_life_days: float, now: datetime
) -> list[Filed]:
    """Return the reports since `since` by people without a proven record, not judged yet."""
    rows = list(
        MisclassificationReport.objects.filter(_UNJUDGED, created_at__gte=since).values_list(
            "pk", "reporter", "product", "reported_category__family", "network", "created_at",
            "product__seller",
        )
    )  # fmt: skip
    asked = {(row[1], row[6]) for row in rows if row[1] is not None}
    known = records(asked=asked, half_life_days=half_life_days, now=now)
    return [
        Filed(*row[:6])
        for row in rows
        if weight_of(known.get((row[1] or 0, row[6]), Record()), rules) < rules.proven_at
    ]


def usual(*, before: datetime, filed: Collection[Filed]) -> Usual:
    """Return what families and `filed`'s products got the week before, and its networks in theirs."""
    week = MisclassificationReport.objects.filter(
        created_at__gte=before - _A_WEEK, created_at__lt=before
    )
    of_families = week.values_list("reported_category__family").annotate(count=Count("pk"))
    of_filed = week.filter(product__in={one.product for one in filed}).values_list("product")
    networks, since = _of_networks({one.network for one in filed if one.network}, before)
    everybody = {monday: _families_since(monday) for monday in set(since.values())}
    return Usual(
        products=dict(of_filed.annotate(count=Count("pk"))),
        families=dict(of_families),
        networks=networks,
        alongside={network: everybody[monday] for network, monday in since.items()},
    )


def _of_networks(
    networks: Collection[str], before: datetime
) -> tuple[dict[str, dict[int, int]], dict[str, datetime]]:
    """Return each network's people by family, anonymous ones not at all, and the Monday from which
    its hash is known."""
    rows = (
        # Older than that a hash is only where a case has stayed open so long.
        MisclassificationReport.objects.filter(
            network__in=networks, created_at__gte=_monday(before) - _A_WEEK
        )
        .values_list("network", "reported_category__family")
        .annotate(people=Count("reporter", distinct=True), first=Min("created_at"))
    )
    people: dict[str, dict[int, int]] = defaultdict(dict)
    since: dict[str, datetime] = {}
    for network, family, count, first in rows:
        people[network][family] = count
        since[network] = min(since.get(network, first), _monday(first))
    return dict(people), since


def _families_since(monday: datetime) -> dict[int, int]:
    since = MisclassificationReport.objects.filter(created_at__gte=monday)
    of_families = since.values_list("reported_category__family")
    return dict(of_families.annotate(count=Count("pk")))


def _monday(at: datetime) -> datetime:
    return (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def numbers_of(ring: ReportRing, *, now: datetime) -> dict[str, Any]:
    """Return the ring in numbers, as its event keeps them; nothing that names anybody."""
    rows = list(
        MisclassificationReport.objects.filter(ring=ring).values_list(
            "reporter", "product", "network", "created_at", "reporter__date_joined", "pk"
        )
    )
    times = [row[3] for row in rows]
    ages = sorted((now - row[4]) / timedelta(days=1) for row in rows if row[4])
    return {
        "reports": len(rows),
        "accounts": len({row[0] or -row[5] for row in rows}),
        "products": len({row[1] for row in rows}),
        "networks": len({row[2] for row in rows if row[2]}),
        "seconds": (max(times) - min(times)).total_seconds() if times else 0.0,
        "median_account_days": round(ages[len(ages) // 2], 1) if ages else 0.0,
    }


def rings(*, cursor: str = "") -> tuple[list[RingRow], str]:
    """Return one page of rings, newest first, and the cursor of the next. Raises CursorInvalid."""
    page: Page[ReportRing] = page_by_time(
        ReportRing.objects.all(), field="found_at", cursor=cursor, size=PAGE_SIZE
    )
    return _with_events(page.rows), page.older


def ring_row(*, ring_id: int) -> RingRow:
    """Raises ReportRing.DoesNotExist."""
    return _with_events([ReportRing.objects.get(pk=ring_id)])[0]


def members(*, ring: ReportRing) -> list[Member]:
    """Return the ring's first REPORTS_SHOWN reports in the order they came."""
    found = list(
        MisclassificationReport.objects.filter(ring=ring)
        .select_related("reporter", "product", "reported_category", "suggested_category")
        .order_by("created_at", "pk")[:REPORTS_SHOWN]
    )
    accounts = _numbered(report.reporter_id or -report.pk for report in found)
    networks = _numbered(report.network for report in found if report.network)
    return [
        Member(
            account=accounts[report.reporter_id or -report.pk],
            account_days=_account_days(report),
            network=networks.get(report.network),
            seconds=(report.created_at - found[0].created_at).total_seconds(),
            report=report,
        )
        for report in found
    ]


def held_count() -> int:
    return ReportRing.objects.filter(status=RingStatus.HELD).count()


def _account_days(report: MisclassificationReport) -> float | None:
    if report.reporter is None:
        return None
    return (report.created_at - report.reporter.date_joined) / timedelta(days=1)


def _numbered(keys: Iterable[Any]) -> dict[Any, int]:
    return {key: number for number, key in enumerate(dict.fromkeys(keys), start=1)}


def _with_events(found: list[ReportRing]) -> list[RingRow]:
    events: dict[int, list[RingEvent]] = {ring.pk: [] for ring in found}
    newest = RingEvent.objects.filter(ring__in=found).select_related("actor").order_by("-at", "-pk")
    for event in newest:
        events[event.ring_id].append(event)
    return [RingRow(ring, events[ring.pk]) for ring in found]
