"""The sweeper: repairs what a dead worker, a lost message or a flushed Redis left behind."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.core.cache import cache
from django.utils import timezone

from reviewapp.choices import Queue
from reviewapp.models import DatasetExport, DatasetSnapshot, Evaluation, SuspectSearch
from reviewapp.selectors import evaluations, imports, model_versions
from reviewapp.selectors.exports import stranded
from reviewapp.selectors.predictions import is_work_waiting
from reviewapp.selectors.previews import are_previews_waiting
from reviewapp.selectors.training import is_first_model_coming, stranded_runs
from reviewapp.selectors.workers import is_demo_training, is_listening
from reviewapp.services import (
    checks,
    explanations,
    groups,
    measures,
    predictions,
    report_cases,
    rings,
    workers,
)
from reviewapp.services.imports.files import forget_cut_uploads
from reviewapp.services.mail import forget_mail
from reviewapp.services.networks import forget_networks
from reviewapp.services.previews import forget_previews
from reviewapp.services.webhooks import forget_webhooks
from worker import inference
from worker.app import app
from worker.tasks import classify, jobs, previews
from worker.tasks.evaluate import judge_gates, wake_evaluation
from worker.tasks.exports import wake_exports
from worker.tasks.imports import wake_import
from worker.tasks.snapshots import wake_snapshots
from worker.tasks.suspects import wake_search
from worker.tasks.training import wake_training

# Since when no worker can use the champion, shared by all sweepers. It outlasts any pause between
# sweeps; should Redis lose it, the wait begins again.
_UNUSABLE_KEY = "model:unusable-since"
_UNUSABLE_SECONDS = 24 * 3600
# Of a minute, so that what people wait for comes in between; a batch locks its rows for a moment.
_GROUPING_SECONDS, _GROUPED = 10.0, 100


@app.task
def sweep_requests() -> None:
    """Bring back dead claims, and wake the workers if anything waits."""
    now = timezone.now()
    predictions.end_dead_leases(now=now)
    try:
        inference.model()
    except inference.ModelUnusable as problem:
        _give_up_waiting(str(problem), now)
        return
    _end_wait()
    if are_previews_waiting():
        previews.wake_now()
    if is_work_waiting():
        classify.wake_now()


def _give_up_waiting(problem: str, now: datetime) -> None:
    """A worker without a model speaks for all only when no other has one or is training one."""
    if is_listening(queue=Queue.INFERENCE, now=now):
        _end_wait()
        return
    since = _unusable_since(now)
    if is_first_model_coming() or is_demo_training(now=now):
        return
    while predictions.fail_waiting(problem=problem, since=since, now=now):
        pass


def _unusable_since(now: datetime) -> datetime:
    """Return when the present champion was first found unusable, or the lack of one first noticed."""
    key = _wait_key()
    present = int(now.timestamp())
    seconds = cache.get_or_set(key, present, _UNUSABLE_SECONDS) or present
    cache.touch(key, _UNUSABLE_SECONDS)
    return datetime.fromtimestamp(seconds, UTC)


def _end_wait() -> None:
    cache.delete(_wait_key())


def _wait_key() -> str:
    """Each promotion begins its own wait: the model before may have worked."""
    champion = model_versions.champion()
    promoted_at = champion.promoted_at if champion else None
    promotion = f"{champion.pk}-{promoted_at.timestamp()}" if champion and promoted_at else "none"
    return f"{_UNUSABLE_KEY}:{promotion}"


@app.task
def find_lost_products() -> None:
    """Ask for the classification of products that wait without a request; the sweep wakes workers."""
    predictions.request_missing(now=timezone.now())


@app.task
def sweep_jobs() -> None:
    """Start again the jobs whose worker has died."""
    now = timezone.now()
    for snapshot_id in stranded(DatasetSnapshot, now=now):
        wake_snapshots(snapshot_id)
    for export_id in stranded(DatasetExport, now=now):
        wake_exports(export_id)
    for import_id in imports.stranded(now=now):
        wake_import(import_id)
    for evaluation_id in stranded(Evaluation, now=now):
        wake_evaluation(evaluation_id)
    for search_id in stranded(SuspectSearch, now=now):
        wake_search(search_id)
    if evaluations.open_gates():
        jobs.send(judge_gates)
    for run_id in stranded_runs(now=now):
        wake_training(run_id)


@app.task
def sweep_reports() -> None:
    """Hold rings, finish voids, end cases that collected in vain, forget networks and sent mail."""
    now = timezone.now()
    rings.hold_rings(now=now)
    rings.finish_voids(now=now)
    report_cases.end_due_cases(now=now)
    forget_networks(now=now)
    forget_mail(now=now)
    forget_webhooks(now=now)


@app.task
def forget_heartbeats() -> None:
    workers.forget_silent(now=timezone.now())
    explanations.forget_old(now=timezone.now())
    forget_previews(now=timezone.now())
    forget_cut_uploads(now=timezone.now())
    checks.withdraw_forgotten(now=timezone.now())


@app.task
def measure_queue() -> None:
    """Measure anew what the priorities of coming items are made of."""
    measures.measure_queue(now=timezone.now())


@app.task
def group_older_products() -> None:
    """Find the near-duplicate groups of products that arrived before there were any; once."""
    deadline = time.monotonic() + _GROUPING_SECONDS
    while time.monotonic() < deadline and groups.group_older(now=timezone.now(), most=_GROUPED):
        pass
