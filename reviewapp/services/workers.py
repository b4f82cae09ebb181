"""Workers' signs of life."""

from datetime import datetime, timedelta

from reviewapp.models import ModelVersion, WorkerHeartbeat

# A worker that was killed leaves its row behind; it stays a while, to be found.
_KEEP = timedelta(minutes=30)


def beat(
    *,
    name: str,
    queue: str,
    now: datetime,
    model_version: ModelVersion | None = None,
    problem: str = "",
) -> None:
    """Note that worker `name` lives and listens to `queue`; `problem` says why it cannot work."""
    WorkerHeartbeat.objects.update_or_create(
        name=name,
        defaults={
            "queue": queue,
            "model_version": model_version,
            "problem": problem,
            "seen_at": now,
        },
    )


def retire(*, name: str) -> None:
    """Forget worker `name`, which has stopped in order."""
    WorkerHeartbeat.objects.filter(name=name).delete()


def forget_silent(*, now: datetime) -> int:
    """Drop the rows of workers that died long ago; return how many."""
    deleted, _per_model = WorkerHeartbeat.objects.filter(seen_at__lt=now - _KEEP).delete()
    return deleted
