"""Exports: one file per message, made under the row's lease."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from reviewapp.services import exports
from worker.app import LONGEST_TASK_SECONDS, app
from worker.keeper import ExportKeeper

logger = logging.getLogger(__name__)

# Stored in English and translated where it is shown.
NO_LABELS = gettext_noop(
    "There are no labels yet: an export holds products that a moderator has decided."
)
_SOFT_LIMIT, _HARD_LIMIT = LONGEST_TASK_SECONDS - 60, LONGEST_TASK_SECONDS


def wake_exports(export_id: int) -> None:
    """Tell a worker of an export, once the present transaction is committed.

    Never raises when the broker is down: the row stays, and the sweeper finds it.
    """
    transaction.on_commit(partial(_send, export_id), robust=True)


def _send(export_id: int) -> None:
    try:
        run_export.apply_async((export_id,), retry=False)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be told of an export, the sweeper will: %s", error)


@app.task(soft_time_limit=_SOFT_LIMIT, time_limit=_HARD_LIMIT)
def run_export(export_id: int) -> None:
    """Make an export's file. Safe to repeat: who does not get the row does nothing."""
    hold = exports.claim_export(export_id=export_id, now=timezone.now())
    if hold is None:
        return
    try:
        with ExportKeeper(hold) as keeper:
            written = exports.write_export(
                export_format=hold.format, part=hold.part, on_progress=keeper.note
            )
        exports.finish_export(hold=hold, written=written, now=timezone.now())
    except exports.ExportLost:
        logger.warning("Export %s went on with another worker", export_id)
        hold.part.unlink(missing_ok=True)
    except exports.ExportEmpty:
        exports.fail_export(hold=hold, error=NO_LABELS, now=timezone.now())
    except Exception as error:
        logger.exception("Export %s failed", export_id)
        words = f"{type(error).__name__}: {error}"
        exports.fail_export(hold=hold, error=words, now=timezone.now())
