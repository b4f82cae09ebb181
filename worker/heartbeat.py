"""Signs of life: each worker process writes a row every few seconds, from a thread of its own.

Pages read these rows, so that nobody waits for a worker that is not there.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery.signals import worker_process_shutdown, worker_shutdown
from django.db import Error, connection
from django.utils import timezone

from reviewapp.choices import Queue
from reviewapp.services import workers
from worker import inference
from worker.node import in_each_process, node

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class Heart:
    """Beats for this process until it is stopped. The thread has its own database connection."""

    def __init__(self, name: str, queues: tuple[str, ...]) -> None:
        self.names: dict[str, str] = {
            queue: f"{name}/{os.getpid()}/{queue}"[:120] for queue in queues
        }
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop beating and take the rows away: nobody has to wait until they look old."""
        self._stopped.set()
        self._thread.join(timeout=BEAT_SECONDS)
        for name in self.names.values():
            workers.retire(name=name)

    def _run(self) -> None:
        while True:
            try:
                self._beat()
            except Error as error:
                # Of whatever kind: a thread that ends here makes a living worker look dead.
                logger.warning("No heartbeat, the database refuses it: %s", error)
                connection.close()
            if self._stopped.wait(BEAT_SECONDS):
                connection.close()
                return

    def _beat(self) -> None:
        now = timezone.now()
        for queue, name in self.names.items():
            version, problem = inference.status() if queue == Queue.INFERENCE else (None, "")
            workers.beat(name=name, queue=queue, now=now, model_version=version, problem=problem)


_hearts: list[Heart] = []


def own_name(queue: Queue) -> str:
    """Return the name under which this process says that it lives; "" when it has no heart."""
    return _hearts[0].names.get(queue, "") if _hearts else ""


@in_each_process
def _start(**_kwargs: Any) -> None:
    # What a fork has copied from the parent is not this process's.
    _hearts.clear()
    heart = Heart(node.name, node.queues)
    heart.start()
    _hearts.append(heart)


@worker_process_shutdown.connect
@worker_shutdown.connect
def _stop(**_kwargs: Any) -> None:
    while _hearts:
        _hearts.pop().stop()
