"""Which workers live."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from reviewapp.choices import Queue
from reviewapp.models import WorkerHeartbeat


def live_workers(*, queue: Queue, now: datetime) -> QuerySet[WorkerHeartbeat]:
    """Workers of `queue` heard of lately that have no problem."""
    since = now - timedelta(seconds=settings.WORKER_SILENT_SECONDS)
    return WorkerHeartbeat.objects.filter(queue=queue, seen_at__gte=since, problem="")


def is_listening(*, queue: Queue, now: datetime) -> bool:
    return live_workers(queue=queue, now=now).exists()
