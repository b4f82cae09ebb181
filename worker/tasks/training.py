"""Training: one run per message, under the row's lease; and the schedule."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable
from typing import Final

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from django.utils.translation import gettext_noop

from classifier.backbones.directory import write_json
from classifier.config import ConfigInvalid
from reviewapp.choices import TrainingStage
from reviewapp.models import TrainingPoint, TrainingRun
from reviewapp.selectors import model_versions
from reviewapp.selectors.snapshots import SnapshotAltered
from reviewapp.services import training
from reviewapp.services.model_versions import ModelRefused
from reviewapp.services.training import Progress, RunHold
from worker import trainer
from worker.app import app
from worker.environment import code_version, environment
from worker.keeper import meanwhile
from worker.tasks import jobs
from worker.tasks.classify import wake_workers
from worker.tasks.snapshots import SNAPSHOT_ALTERED, wake_snapshots

logger = logging.getLogger(__name__)

OnReport = Callable[[Progress], None]
# Longer than any training: the row's lease, not the message, says whether somebody works on it.
_NO_LIMIT: Final = 30 * 24 * 3600
_EXPIRES: Final = 30  # seconds
_SECONDS_BETWEEN: Final = 1.0  # reports of one run to the database

# Stored in English and translated where it is shown.
ROWS_MISSING = gettext_noop("There is nothing to learn: no label, and no code of the catalogue.")
SNAPSHOT_GONE = gettext_noop("The file of its snapshot has been removed; make a new snapshot.")


def wake_training(run_id: int) -> None:
    """Tell a worker of a run, once the present transaction is committed.

    Never raises when the broker is down: the row stays, and the sweeper finds it.
    """
    jobs.wake(run_training, run_id)


# Acknowledged when it begins: the sweeper is what finds a run whose worker has died. It sends another
# message while the run waits, so each expires, whoever has sent it, and none piles up.
@app.task(acks_late=False, expires=_EXPIRES, soft_time_limit=_NO_LIMIT, time_limit=_NO_LIMIT)
def run_training(run_id: int) -> None:
    """Train. Safe to repeat: who does not get the row does nothing."""
    work(run_id)


@app.task
def follow_schedule() -> None:
    """Ask for the run that is due, and let the first model classify."""
    try:
        run = training.follow_schedule(now=timezone.now())
    except ModelRefused:
        logger.exception("The first model cannot classify")
        return
    except ConfigInvalid:
        logger.exception(
            "The schedule's configuration is no longer allowed; save the schedule anew"
        )
        return
    if run is not None and run.snapshot_id is not None:
        wake_snapshots(run.snapshot_id)


def work(run_id: int, on_report: OnReport | None = None) -> None:
    """Take the run and train it to its end, unless somebody else has it."""
    hold = training.claim_run(
        run_id=run_id,
        code_version=code_version(),
        environment=environment(),
        now=timezone.now(),
    )
    if hold is None:
        return
    try:
        _train(hold, _Reporter(hold, on_report))
    except training.RunLost:
        logger.warning("Training run %s went on with another worker", run_id)
    except _Cancelled:
        training.end_cancelled(hold=hold, now=timezone.now())
    except KeyboardInterrupt:  # at the command line
        training.end_cancelled(hold=hold, now=timezone.now())
        raise
    except training.RowsMissing:
        training.fail_run(hold=hold, error=ROWS_MISSING, now=timezone.now())
    except SnapshotAltered:
        logger.exception("Training run %s failed", run_id)
        training.fail_run(hold=hold, error=SNAPSHOT_ALTERED, now=timezone.now())
    except FileNotFoundError:
        logger.exception("Training run %s failed", run_id)
        training.fail_run(hold=hold, error=SNAPSHOT_GONE, now=timezone.now())
    except Exception as error:
        logger.exception("Training run %s failed", run_id)
        words = f"{type(error).__name__}: {error}"
        training.fail_run(hold=hold, error=words, now=timezone.now())


class _Cancelled(Exception):
    """Somebody wants the run cancelled."""


class _Reporter:
    """Writes what is heard of a run to its row, now and then, and keeps the lease alive by that."""

    def __init__(self, hold: RunHold, on_report: OnReport | None) -> None:
        self._hold, self._on_report = hold, on_report
        self._progress: Progress | None = None
        self._points: list[TrainingPoint] = []
        self._next = 0.0

    def rows(self, done: int, total: int, check: Callable[[], None]) -> None:
        """Hear of the rows being frozen, from inside the transaction that freezes them."""
        check()
        self._progress = Progress(TrainingStage.ROWS, done, total)

    def heard(self, heard: trainer.Heard) -> bool:
        """Hear of the training; says whether to stop. Raises RunLost."""
        if heard.stage is not None:
            stage = heard.stage
            self._progress = Progress(stage["stage"], stage["done"], stage["total"])
        self._points += [
            TrainingPoint(run_id=self._hold.run_id, curve=curve, x=x, y=y)
            for curve, x, y in heard.points
        ]
        self.write()
        return trainer.is_stopping()

    def write(self, *, at_once: bool = False) -> None:
        """Report if it is time. Raises RunLost, or _Cancelled when that is wanted."""
        if not at_once and time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS_BETWEEN
        try:
            is_cancel_wanted = training.report_run(
                hold=self._hold, progress=self._progress, points=self._points, now=timezone.now()
            )
        except (OperationalError, InterfaceError) as error:
            # The lease outlasts a short break; after a long one the run is another worker's.
            logger.warning("A training run could not be reported: %s", error)
            connection.close()
            return
        self._points = []
        if self._progress is not None and self._on_report is not None:
            self._on_report(self._progress)
        if is_cancel_wanted:
            raise _Cancelled


def _train(hold: RunHold, reporter: _Reporter) -> None:
    with meanwhile(reporter.write) as check:
        training.freeze_rows(
            hold=hold,
            now=timezone.now(),
            on_progress=lambda done, total: reporter.rows(done, total, check),
        )
    reporter.write(at_once=True)
    _drop(hold.folder.glob("model-*"))
    config = TrainingRun.objects.values_list("config", flat=True).get(pk=hold.run_id)
    write_json(hold.folder / "config.json", config)
    elder = model_versions.by_manifest(config.get("elder", ""))
    path = model_versions.artifact_path(elder) if elder else None
    outcome = trainer.train(hold, path, reporter.heard)
    reporter.write(at_once=True)
    if outcome.code == 0 and outcome.result is not None:
        _finish(hold)
    elif outcome.code is None or outcome.code < 0:
        training.release_run(hold=hold, has_died=outcome.code is not None, now=timezone.now())
    else:
        training.fail_run(hold=hold, error=outcome.last_words, now=timezone.now())


def _finish(hold: RunHold) -> None:
    training.finish_run(hold=hold, now=timezone.now())
    if model_versions.champion() is None and training.promote_first(now=timezone.now()):
        wake_workers()


def _drop(leftovers: Iterable[object]) -> None:
    """Remove what killed attempts have written of their model; its parts are in the caches."""
    for path in leftovers:
        shutil.rmtree(str(path), ignore_errors=True)
