"""What tasks on leased rows have in common: to be woken, to work under the lease, to end it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import Signature, Task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from reviewapp.services import leases
from worker.app import LONGEST_TASK_SECONDS
from worker.keeper import JobKeeper

logger = logging.getLogger(__name__)

OnProgress = Callable[[int, int], None]
SOFT_LIMIT, HARD_LIMIT = LONGEST_TASK_SECONDS - 60, LONGEST_TASK_SECONDS


class JobRefused(Exception):
    """The job cannot be done, and trying again would not help; the text is for the reader."""


def wake(task: Task[Any, Any], job_id: int) -> None:
    """Tell a worker of a job, once the present transaction is committed.

    Never raises when the broker is down: the row stays, and the sweeper finds it.
    """
    transaction.on_commit(partial(send, task, job_id), robust=True)


def send(task: Task[Any, Any] | Signature[Any], *arguments: int) -> None:
    """Send a message at once; never raises when the broker is down."""
    try:
        task.apply_async(arguments, retry=False)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be told of a job, the sweeper will: %s", error)


def work(hold: leases.Hold[Any], do: Callable[[OnProgress], Any]) -> None:
    """Do a job under its lease. `do` gets who hears of the progress, and finishes the row.

    Whatever goes wrong is told on the row; nothing is left of the file.
    """
    try:
        with JobKeeper(hold) as keeper:
            do(keeper.note)
    except leases.JobLost:
        logger.warning("%s %s went on with another worker", hold.kind.__name__, hold.job_id)
        hold.part.unlink(missing_ok=True)
    except JobRefused as refused:
        leases.fail(hold, error=str(refused), now=timezone.now())
    except Exception as error:
        logger.exception("%s %s failed", hold.kind.__name__, hold.job_id)
        leases.fail(hold, error=f"{type(error).__name__}: {error}", now=timezone.now())
