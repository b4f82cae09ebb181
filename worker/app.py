"""The Celery app. A message only wakes a worker up: rows in PostgreSQL say what is to be done."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from kombu import Queue as KombuQueue

from reviewapp import correlation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.dev")

# No task may have a longer time limit than this.
LONGEST_TASK_SECONDS = 7260
# Above it, or Redis hands a running task to a second worker. A message that a dead worker leaves
# behind thus comes back late; the sweeper is what finds its work again.
VISIBILITY_SECONDS = LONGEST_TASK_SECONDS + 300
SWEEP_SECONDS = 10
UPKEEP_SECONDS = 60
# The shop's counts, where counting is quick; a large catalogue rests longer between two.
COUNT_SECONDS = 15
# Reads all products; every way in makes a product's request in the same transaction.
FIND_LOST_SECONDS = 300
# Takes seconds of a processor, and a day's work changes the numbers little.
MEASURE_SECONDS = 900

# Sent every so many seconds.
_BEAT = {
    "sweep-requests": ("worker.tasks.sweep.sweep_requests", SWEEP_SECONDS),
    "sweep-jobs": ("worker.tasks.sweep.sweep_jobs", SWEEP_SECONDS),
    "find-lost-products": ("worker.tasks.sweep.find_lost_products", FIND_LOST_SECONDS),
    "follow-champion": ("worker.tasks.shadow.follow", SWEEP_SECONDS),
    "rescore": ("worker.tasks.rescore.rescore", SWEEP_SECONDS),
    "renew-embeddings": ("worker.tasks.embed.renew", FIND_LOST_SECONDS),
    "send-mail": ("worker.tasks.mail.send_waiting", SWEEP_SECONDS),
    "sweep-reports": ("worker.tasks.sweep.sweep_reports", UPKEEP_SECONDS),
    "offer-known-answers": ("worker.tasks.known_answers.offer", SWEEP_SECONDS),
    "book-comparisons": ("worker.tasks.team.book", UPKEEP_SECONDS),
    "roll-up-routes": ("worker.tasks.rollups.roll_up", UPKEEP_SECONDS),
    "measure-drift": ("worker.tasks.drift.measure", UPKEEP_SECONDS),
    "send-alarms": ("worker.tasks.drift.send_alarms", SWEEP_SECONDS),
    "measure-team": ("worker.tasks.team.measure", MEASURE_SECONDS),
    "measure-live": ("worker.tasks.live.measure", MEASURE_SECONDS),
    "measure-queue": ("worker.tasks.sweep.measure_queue", MEASURE_SECONDS),
    "count-catalogue": ("worker.tasks.shop.count_catalogue", COUNT_SECONDS),
    "follow-training-schedule": ("worker.tasks.training.follow_schedule", UPKEEP_SECONDS),
    "group-older-products": ("worker.tasks.sweep.group_older_products", UPKEEP_SECONDS),
    "forget-heartbeats": ("worker.tasks.sweep.forget_heartbeats", UPKEEP_SECONDS),
}

_TASKS = sorted((Path(__file__).parent / "tasks").glob("[!_]*.py"))

app = Celery("bonrayon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # By name: what lies above this module in the layers must not be imported by it.
    imports=[
        "worker.inference",
        "worker.heartbeat",
        "worker.telemetry",
        *(f"worker.tasks.{p.stem}" for p in _TASKS),
    ],
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_ignore_result=True,
    # Not reject_on_worker_lost: a task that kills its worker would come back for ever. The
    # sweeper brings work back and counts the attempts in the row.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_default_queue="default",
    task_queues=[KombuQueue(name) for name in ("inference", "default", "training", "evaluation")],
    task_routes={
        "worker.tasks.classify.*": {"queue": "inference"},
        "worker.tasks.previews.*": {"queue": "inference"},
        # After all classification: on Redis 0 comes first and 9 last.
        "worker.tasks.explain.*": {"queue": "inference", "priority": 6},
        "worker.tasks.embed.*": {"queue": "inference", "priority": 9},
        "worker.tasks.rescore.*": {"queue": "inference", "priority": 8},
        "worker.tasks.evaluate.*": {"queue": "evaluation"},
        # Before evaluations, which are long: what it compares with grows older by the minute.
        "worker.tasks.shadow.*": {"queue": "evaluation", "priority": 0},
        "worker.tasks.training.run_training": {"queue": "training"},
        "worker.tasks.suspects.*": {"queue": "training"},
        # With the workers that do the work swept: an import of an hour must not hold it up.
        "worker.tasks.sweep.sweep_requests": {"queue": "inference"},
    },
    task_soft_time_limit=60,
    task_time_limit=90,
    broker_connection_retry_on_startup=True,
    # A page must not hang because the broker does.
    broker_connection_timeout=2,
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    },
    # A new process loads the models before it reports ready; after 4 seconds, the default,
    # Celery would kill it and start the next one, for ever.
    worker_proc_alive_timeout=180,
    timezone="UTC",
    # They expire, so that they do not pile up while no worker listens.
    beat_schedule={
        name: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for name, (task, seconds) in _BEAT.items()
    },
)


@setup_logging.connect
def _log_as_django_does(**_options: Any) -> None:
    """A receiver of this signal is how Celery is told to leave logging alone: see LOGGING."""


_task_in_hand = ExitStack()


@task_prerun.connect
def _name_the_task(task_id: str, task: Any, **_others: Any) -> None:
    """Let each line of a task name it. A process works on one task at a time."""
    _task_in_hand.enter_context(correlation.bound(task=task.name, task_id=task_id))


@task_postrun.connect
def _forget_the_task(**_others: Any) -> None:
    _task_in_hand.close()
