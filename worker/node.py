"""Which Celery worker this process belongs to, and to which queues it listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from celery.signals import celeryd_after_setup

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
