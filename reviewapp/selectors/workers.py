"""Which workers live."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from reviewapp.choices import Queue
from reviewapp.models import ModelVersion, WorkerHeartbeat

DEMO_TRAINER = "train_demo_model"
"""How the name of a program begins that trains the demo's model and will let it classify."""


def heard_of(*, queue: Queue, now: datetime) -> QuerySet[WorkerHeartbeat]:
    """Workers of `queue` heard of lately, whether or not they can work."""
    return all_heard_of(now=now).filter(queue=queue)


def all_heard_of(*, now: datetime) -> QuerySet[WorkerHeartbeat]:
    """Workers of every queue heard of lately."""
    rows = WorkerHeartbeat.objects.filter(seen_at__gte=_silent_since(now))
    return rows.select_related("model_version").order_by("queue", "name")


def silent_workers(*, now: datetime) -> QuerySet[WorkerHeartbeat]:
    """Workers that have not been heard of for so long that they count as dead."""
    return WorkerHeartbeat.objects.filter(seen_at__lt=_silent_since(now))


def live_workers(*, queue: Queue, now: datetime) -> QuerySet[WorkerHeartbeat]:
    """Workers of `queue` heard of lately that have no problem."""
    return heard_of(queue=queue, now=now).filter(problem="")


def is_listening(*, queue: Queue, now: datetime) -> bool:
    return live_workers(queue=queue, now=now).exists()


def may_be_loading(champion: ModelVersion, *, now: datetime) -> bool:
    """Whether it was promoted so lately that its workers need not have told that they have it."""
    return champion.promoted_at is not None and champion.promoted_at >= _silent_since(now)


def is_demo_training(*, now: datetime) -> bool:
    """Whether the demo's model is being trained: products wait for it."""
    return all_heard_of(now=now).filter(name__startswith=f"{DEMO_TRAINER}@").exists()


def _silent_since(now: datetime) -> datetime:
    return now - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
