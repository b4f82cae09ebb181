"""Is the system ready to work? Each check says in the active language what is wrong, or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from reviewapp.choices import Queue
from reviewapp.selectors import model_versions, workers

Problems = dict[str, str]
"""By check: what is wrong, in words, or an empty text."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check for people. problem: in words, empty when all is well"""

    label: str
    problem: str
    is_optional: bool


def readiness(*, now: datetime) -> Problems:
    """Check what products need on their way: without any of it the site is not ready."""
    database = _database()
    problems = {"database": database, "redis": _redis()}
    checks: dict[str, Callable[[], str]] = {
        "migrations": _migrations,
        "model": lambda: _model(now),
        "worker_inference": lambda: _worker(Queue.INFERENCE, now),
        "worker_default": lambda: _worker(Queue.DEFAULT, now),
    }
    return problems | _checked(checks, database)


def optional_workers(*, now: datetime) -> Problems:
    """Check the workers without which products are served all the same, and models not renewed."""
    checks: dict[str, Callable[[], str]] = {
        "worker_evaluation": lambda: _worker(Queue.EVALUATION, now),
        "worker_training": lambda: _worker(Queue.TRAINING, now),
    }
    return _checked(checks, _database())


def system_checks(*, now: datetime) -> list[Check]:
    """Return every check for people, the required ones first."""
    required, optional = readiness(now=now), optional_workers(now=now)
    return [Check(_label(name), why, is_optional=False) for name, why in required.items()] + [
        Check(_label(name), why, is_optional=True) for name, why in optional.items()
    ]


def _label(name: str) -> str:
    if name.startswith("worker_"):
        queue = Queue(name.removeprefix("worker_"))
        return _("Worker: %(queue)s") % {"queue": queue.label}
    labels = {
        "database": _("Database"),
        "redis": "Redis",
        "migrations": _("Tables up to date"),
        "model": _("Model in service"),
    }
    return labels[name]


def _checked(checks: Mapping[str, Callable[[], str]], database: str) -> Problems:
    problems: Problems = {}
    for name, check in checks.items():
        try:
            problems[name] = _("not checked: the database does not answer") if database else check()
        except Error as error:
            # Before the first `migrate` there are no tables to look into.
            why = {"error": _first_line(error)}
            problems[name] = _("the tables cannot be read: %(error)s") % why
    return problems


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        return _first_line(error)
    return ""


def _redis() -> str:
    try:
        cache.get("readiness")
    except (RedisError, OSError) as error:
        return _first_line(error)
    return ""


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not missing:
        return ""
    return _("%(number)s not applied: run `manage.py migrate`") % {"number": len(missing)}


def _model(now: datetime) -> str:
    champion = model_versions.champion()
    if champion is None:
        return _(
            "none is promoted: run `manage.py train` or `register_model`, then `promote_model`"
        )
    seen = list(workers.heard_of(queue=Queue.INFERENCE, now=now))
    if any(worker.model_version_id == champion.pk and not worker.problem for worker in seen):
        return ""
    if workers.may_be_loading(champion, now=now) and any(not worker.problem for worker in seen):
        return ""
    problems = sorted({_(worker.problem) for worker in seen if worker.problem})
    return "; ".join(problems) or _("no worker has loaded %(name)s") % {"name": champion.name}


def _worker(queue: Queue, now: datetime) -> str:
    return "" if workers.heard_of(queue=queue, now=now).exists() else _("no worker listens")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
