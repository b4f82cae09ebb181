"""Keeping hold of a long job: its lease and its progress, from a thread with its own connection.

The job itself reads one long state of the database, in which nothing can be written.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from reviewapp.services import leases

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0


class JobKeeper:
    """Renews the lease of a job while the `with` block lasts."""

    def __init__(self, hold: leases.Hold[Any]) -> None:
        self._hold = hold
        self._progress: tuple[int, int | None] = (0, None)
        self._is_lost = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def note(self, rows_done: int, rows_total: int) -> None:
        """Take down the progress. Raises JobLost once another worker has the job."""
        if self._is_lost:
            raise leases.JobLost
        self._progress = (rows_done, rows_total)

    def _run(self) -> None:
        try:
            while not self._ended.wait(BEAT_SECONDS):
                self._renew()
        finally:
            connection.close()

    def _renew(self) -> None:
        done, total = self._progress
        try:
            leases.renew(self._hold, rows_done=done, rows_total=total, now=timezone.now())
        except leases.JobLost:
            self._is_lost = True
            self._ended.set()
        except (OperationalError, InterfaceError) as error:
            # The lease outlasts a short break; after a long one the job is another worker's.
            logger.warning("A job's lease could not be renewed: %s", error)
            connection.close()


@contextmanager
def meanwhile(do: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Call `do` every second from another thread, with its own connection, while the block lasts.

    Yields a check for the block to call: it raises what `do` has raised.
    """
    ended, raised = threading.Event(), list[Exception]()

    def run() -> None:
        try:
            while not ended.wait(BEAT_SECONDS):
                do()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    def check() -> None:
        if raised:
            raise raised[0]

    thread = threading.Thread(target=run, name="meanwhile", daemon=True)
    thread.start()
    try:
        yield check
    finally:
        ended.set()
        thread.join()
    check()
