"""The state of the site as numbers for machines, in the words of Prometheus.

Each number comes from the selector that a page shows it by, or from a roll-up; counts of what waits
end at `workload.COUNT_UP_TO`. docs/monitoring.md defines every one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from django.core.cache import cache
from django.db import Error, connection
from django.db.models import Case, Count, Model, Sum, Value, When
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from redis.exceptions import RedisError

from reviewapp import __version__
from reviewapp.choices import (
    AuditStratum,
    CaseStatus,
    DelayStep,
    GroupKind,
    JobStatus,
    Queue,
    ReportStatus,
    RequestStatus,
    RouteOutcome,
    TrainingStatus,
)
from reviewapp.domain.delays import cumulative, total_seconds
from reviewapp.models import (
    CatalogueImport,
    ClassificationRequest,
    DatasetExport,
    DatasetSnapshot,
    Evaluation,
    MisclassificationReport,
    ReportCase,
    RouteTally,
    RoutingPolicy,
    TrainingRun,
)
from reviewapp.selectors import (
    drift,
    latencies,
    model_versions,
    outbox,
    quality,
    workers,
    workload,
)
from reviewapp.selectors.dashboards.scope import steps_so_far

logger = logging.getLogger(__name__)

LIVE_ERROR_DAYS: Final = 30
_JOBS: Final[dict[str, tuple[type[Model], list[str]]]] = {
    "import": (CatalogueImport, JobStatus.values),
    "export": (DatasetExport, JobStatus.values),
    "snapshot": (DatasetSnapshot, JobStatus.values),
    "evaluation": (Evaluation, JobStatus.values),
    "training": (TrainingRun, TrainingStatus.values),
}


def families(*, now: datetime) -> Iterator[Metric]:
    """Yield every metric but those of the web processes; what cannot be read is left out."""
    begun = time.perf_counter()
    yield InfoMetricFamily("bonrayon_build", "The release.", {"version": __version__})
    is_redis_up, is_database_up = _redis_is_up(), _database_is_up()
    up = GaugeMetricFamily("bonrayon_up", "Whether it answers, 1 or 0.", labels=["service"])
    up.add_metric(["redis"], is_redis_up)
    up.add_metric(["database"], is_database_up)
    yield up
    parts: list[Callable[[datetime], Iterator[Metric]]] = [_latency] if is_redis_up else []
    if is_database_up:
        parts += [
            _model,
            _arrivals,
            _review,
            _reports,
            _workers,
            _routes,
            _delays,
            _promises,
            _alarms,
            _jobs,
        ]
    failures = 0
    for part in parts:
        try:
            yield from list(part(now))
        except (Error, RedisError, OSError) as error:
            # Before the first `migrate`, or when a service goes away in the middle.
            logger.warning("Metrics are left out, %s: %s", part.__name__, error)
            failures += 1
    yield _gauge("bonrayon_scrape_failures", "Parts that could not be read.", failures)
    seconds = time.perf_counter() - begun
    yield _gauge("bonrayon_scrape_duration_seconds", "Time to read the rest.", seconds)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _redis_is_up() -> bool:
    try:
        cache.get("readiness")
    except (RedisError, OSError):
        return False
    return True


def _database_is_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _latency(now: datetime) -> Iterator[Metric]:
    found = latencies.latencies()
    bounds = [*map(str, latencies.BUCKETS_SECONDS), "+Inf"]
    yield HistogramMetricFamily(
        "bonrayon_prediction_latency_seconds",
        "Time of FUSION for a product.",
        buckets=list(zip(bounds, map(float, found.cumulative), strict=True)),
        sum_value=found.total,
    )


def _model(now: datetime) -> Iterator[Metric]:
    champion = model_versions.champion()
    if champion is not None:
        names = {"model": champion.name, "manifest_sha256": champion.manifest_sha256}
        yield InfoMetricFamily("bonrayon_model", "The model in service.", names)
        if champion.promoted_at is not None:
            at = champion.promoted_at.timestamp()
            yield _gauge("bonrayon_model_promoted_timestamp_seconds", "When it was promoted.", at)
    policy = RoutingPolicy.objects.order_by("-version").first()
    if policy is not None:
        yield _gauge("bonrayon_policy_version", "The policy in force.", policy.version)
        target = policy.target_error
        yield _gauge("bonrayon_live_error_target", "Share of wrong listings allowed.", target)


def _arrivals(now: datetime) -> Iterator[Metric]:
    waiting = ClassificationRequest.objects.filter(status=RequestStatus.WAITING).order_by("pk")
    count = waiting[: workload.COUNT_UP_TO].count()
    oldest = waiting.values_list("requested_at", flat=True).first()
    yield _gauge("bonrayon_arrivals_waiting", "Products that wait for a classification.", count)
    name = "bonrayon_arrivals_oldest_age_seconds"
    yield _gauge(name, "Age of the first of them.", _age(oldest, now))


def _review(now: datetime) -> Iterator[Metric]:
    load = workload.load(now=now, decided=0)
    items = GaugeMetricFamily("bonrayon_review_items", "Open review items.", labels=["state"])
    for state in ("open", "held", "escalated", "old"):
        items.add_metric([state], getattr(load, state))
    yield items
    name = "bonrayon_review_oldest_age_seconds"
    yield _gauge(name, "Age of the oldest open review item.", _age(load.oldest_at, now))


def _reports(now: datetime) -> Iterator[Metric]:
    reports = MisclassificationReport.objects.filter(status=ReportStatus.OPEN)
    count = reports.order_by()[: workload.COUNT_UP_TO].count()
    yield _gauge("bonrayon_reports_open", "Buyers' reports without an answer.", count)
    cases = GaugeMetricFamily("bonrayon_report_cases", "Open report cases.", labels=["status"])
    found = dict(
        ReportCase.objects.exclude(status=CaseStatus.CLOSED)
        .values_list("status")
        .annotate(Count("pk"))
    )
    for status in (CaseStatus.COLLECTING, CaseStatus.IN_REVIEW):
        cases.add_metric([status.value], found.get(status, 0))
    yield cases


def _workers(now: datetime) -> Iterator[Metric]:
    live = GaugeMetricFamily("bonrayon_workers", "Processes that can work.", labels=["queue"])
    unwell = GaugeMetricFamily(
        "bonrayon_workers_unwell", "Processes that live but cannot work.", labels=["queue"]
    )
    heard = list(workers.all_heard_of(now=now))
    for queue in Queue:
        own = [one for one in heard if one.queue == queue]
        live.add_metric([queue.value], sum(not one.problem for one in own))
        unwell.add_metric([queue.value], sum(bool(one.problem) for one in own))
    yield from (live, unwell)


def _routes(now: datetime) -> Iterator[Metric]:
    """From the roll-up, a few minutes behind; a route counts once under each kind of group."""
    is_review = When(stratum=AuditStratum.REVIEW, then=Value(RouteOutcome.REVIEW.value))
    sums = {f"n_{name}": Sum(name) for name in ("routed", "drawn", "answered", "wrong")}
    rows = RouteTally.objects.filter(kind=GroupKind.CATEGORY).values(
        outcome=Case(is_review, default=Value(RouteOutcome.LISTED.value))
    )
    counts: Counter[tuple[str, str]] = Counter()
    for outcome, *summed in rows.annotate(**sums).values_list("outcome", *sums):
        counts.update({(outcome, name): n for name, n in zip(sums, summed, strict=True)})
    routes = CounterMetricFamily("bonrayon_routes", "Routes of the models.", labels=["outcome"])
    for outcome in RouteOutcome.values:
        routes.add_metric([outcome], counts[outcome, "n_routed"])
    audits = CounterMetricFamily(
        "bonrayon_audits", "Blind audits of automatic listings.", labels=["state"]
    )
    for state in ("drawn", "answered", "wrong"):
        audits.add_metric([state], counts[RouteOutcome.LISTED.value, f"n_{state}"])
    yield from (routes, audits)


def _delays(now: datetime) -> Iterator[Metric]:
    """From the roll-up of the dashboards: the same products, steps and buckets."""
    family = HistogramMetricFamily(
        "bonrayon_arrival_delay_seconds", "Time from arrival to a step.", labels=["step"]
    )
    counts = steps_so_far()
    for step in DelayStep.values:
        own = counts.get(step, Counter())
        bounds = [(str(edge), float(products)) for edge, products in cumulative(own)]
        family.add_metric([step], [*bounds, ("+Inf", float(own.total()))], total_seconds(own))
    yield family


def _promises(now: datetime) -> Iterator[Metric]:
    error = quality.overall(days=LIVE_ERROR_DAYS, now=now).error
    if error is not None:
        family = GaugeMetricFamily(
            "bonrayon_live_error", "Share of wrong automatic listings.", labels=["bound"]
        )
        bounds = {"estimate": error.value, "low": error.low, "high": error.high}
        for bound, value in bounds.items():
            family.add_metric([bound], value)
        yield family


def _alarms(now: datetime) -> Iterator[Metric]:
    void, drifted = quality.open_alarms().count(), drift.open_alarms().count()
    yield _gauge("bonrayon_certificate_alarms_open", "Void certificates, open.", void)
    yield _gauge("bonrayon_drift_alarms_open", "Alarms of drift, open.", drifted)
    stuck = GaugeMetricFamily(
        "bonrayon_outbox_stuck", "Messages that do not get out.", labels=["kind"]
    )
    given_up = GaugeMetricFamily(
        "bonrayon_outbox_given_up", "Messages given up in the last month.", labels=["kind"]
    )
    for kind, unsent in outbox.unsent(now=now).items():
        stuck.add_metric([kind], unsent.stuck)
        given_up.add_metric([kind], unsent.given_up)
    yield from (stuck, given_up)


def _jobs(now: datetime) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("bonrayon_jobs", "Jobs by state.", labels=["kind", "status"])
    for kind, (model, statuses) in _JOBS.items():
        rows = model._default_manager.order_by().values_list("status").annotate(Count("pk"))
        found = dict(rows)
        # Zeros, too: a series that only begins with the first failure shows no rise.
        for status in statuses:
            jobs.add_metric([kind, status], found.get(status, 0))
    yield jobs


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
