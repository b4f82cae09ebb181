"""Which Celery worker this process belongs to, and to which queues it listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.signals import celeryd_after_setup, worker_init, worker_process_init

from reviewapp.choices import Queue


@dataclass(slots=True)
class Node:
    name: str = ""
    queues: tuple[str, ...] = ()

    def listens_to(self, queue: Queue) -> bool:
        return queue.value in self.queues


# Filled in the parent before it forks; empty in any other program.
node = Node()


@celeryd_after_setup.connect
def _remember(sender: str, instance: Any, **_kwargs: Any) -> None:
    node.name = sender
    node.queues = tuple(instance.app.amqp.queues.consume_from)


def in_each_process(start: Callable[..., None]) -> Callable[..., None]:
    """Let `start` run in each new worker process, before its first task.

    Connected late, so that it comes after Celery's Django fixup: that closes the file descriptors
    of inherited database connections, and would close those that `start` has just opened.
    """

    def connect(**_kwargs: Any) -> None:
        worker_process_init.connect(start, weak=False)

    worker_init.connect(connect, weak=False)
    return start
