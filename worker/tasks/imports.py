"""Bulk imports, in slices, so that a restart or another import never waits for long."""

from __future__ import annotations

import logging
from functools import partial

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from reviewapp.choices import JobStatus
from reviewapp.services.imports.run import run_import as work_on
from worker.app import app
from worker.tasks.classify import wake_workers

logger = logging.getLogger(__name__)

# After this long the rest goes to the end of the queue: two imports advance side by side, and a
# stopping worker is soon done.
SLICE_SECONDS = 15.0
# The first look at a table of some GB reads it twice.
_SOFT_LIMIT, _HARD_LIMIT = 500, 540


def wake_import(import_id: int) -> None:
    """Tell a worker of an import, once the present transaction is committed.

    Never raises when the broker is down: the row stays, and the sweeper finds it.
    """
    transaction.on_commit(partial(_send, import_id), robust=True)


def _send(import_id: int) -> None:
    try:
        run_import.apply_async((import_id,), retry=False)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be told of an import, the sweeper will: %s", error)


@app.task(
    ignore_result=True,
    acks_late=True,
    soft_time_limit=_SOFT_LIMIT,
    time_limit=_HARD_LIMIT,
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=1,
    retry_jitter=True,
    max_retries=3,
)
def run_import(import_id: int) -> None:
    """Work on an import for a while and ask for the next slice. Safe to repeat."""
    status = work_on(
        import_id=import_id,
        clock=timezone.now,
        on_batch=lambda _job: wake_workers(),
        seconds=SLICE_SECONDS,
    )
    if status == JobStatus.WAITING:
        _send(import_id)
