"""The sweeper: repairs what a dead worker, a lost message or a flushed Redis left behind."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from reviewapp.choices import Queue
from reviewapp.selectors import exports, imports
from reviewapp.selectors.predictions import is_work_waiting
from reviewapp.selectors.workers import is_listening
from reviewapp.services import predictions, workers
from worker import inference
from worker.app import app
from worker.tasks import classify
from worker.tasks.exports import wake_exports
from worker.tasks.imports import wake_import


@app.task
def sweep_requests() -> None:
    """Bring back dead claims and lost products, and wake the workers if anything waits."""
    now = timezone.now()
    predictions.end_dead_leases(now=now)
    predictions.request_missing(now=now)
    try:
        inference.model()
    except inference.ModelUnusable as problem:
        _give_up_waiting(str(problem), now)
        return
    if is_work_waiting():
        classify.wake_now()


def _give_up_waiting(problem: str, now: datetime) -> None:
    """A worker without a model speaks for all only when no other has one or is training one."""
    if is_listening(queue=Queue.INFERENCE, now=now) or is_listening(queue=Queue.TRAINING, now=now):
        return
    while predictions.fail_waiting(problem=problem, now=now):
        pass


@app.task
def sweep_jobs() -> None:
    """Start again the jobs whose worker has died."""
    now = timezone.now()
    for export_id in exports.stranded(now=now):
        wake_exports(export_id)
    for import_id in imports.stranded(now=now):
        wake_import(import_id)


@app.task
def forget_heartbeats() -> None:
    workers.forget_silent(now=timezone.now())
