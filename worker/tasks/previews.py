"""Looks ahead: a seller waits for the answer, so it comes before every backlog."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from billiard.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from classifier.types import ProductInput
from reviewapp.models import CategoryPreview
from reviewapp.services import previews
from worker import inference
from worker.app import app

logger = logging.getLogger(__name__)

# Between two batches of a backlog, so that a crowd of sellers does not stop it altogether.
BETWEEN_BATCHES = 4
# A message nobody has taken up after this long is not needed: the sweeper sends another.
_EXPIRES_SECONDS = 60
# While sellers write, a backlog is worked off in batches so small that an answer is soon.
_WRITING_KEY = "previews:writing"
_WRITING_SECONDS = 120


def wake_previews() -> None:
    """Tell a worker that a draft waits, once the present transaction is committed.

    Never raises when the broker is down: the row stays, and the sweeper finds it.
    """
    transaction.on_commit(wake_now, robust=True)


def wake_now() -> None:
    """Send a message at once; never raises when the broker is down."""
    try:
        answer_previews.apply_async(retry=False, expires=_EXPIRES_SECONDS)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be told of a draft: %s", error)


def expect_previews() -> None:
    """Note that a seller has begun to write; only a hint, and lost without harm."""
    try:
        cache.set(_WRITING_KEY, 1, timeout=_WRITING_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("The workers do not know that a seller writes: %s", error)


def are_expected() -> bool:
    """Say whether a seller has been writing a product of late."""
    try:
        return bool(cache.get(_WRITING_KEY))
    except (RedisError, OSError):
        return False


@app.task
def answer_previews() -> None:
    """Answer the drafts that wait. Safe to repeat."""
    try:
        model = inference.model()
    except inference.ModelUnusable as problem:
        logger.warning("Drafts wait: %s", problem)
        return
    if answer_some(model, at_most=8 * BETWEEN_BATCHES):
        wake_now()


def answer_some(model: inference.Model, *, at_most: int) -> bool:
    """Answer up to `at_most` drafts; say whether more may wait."""
    for _ in range(at_most):
        row = previews.claim_preview(now=timezone.now())
        if row is None:
            return False
        _answer(model, row)
    return True


def _answer(model: inference.Model, row: CategoryPreview) -> None:
    try:
        with tempfile.TemporaryDirectory(prefix="draft-") as folder:
            results = model.predictor.predict([_input(row, Path(folder))])
        previews.finish_preview(
            preview=row, result=results[0], version=model.version, now=timezone.now()
        )
    except (OperationalError, InterfaceError):
        raise  # the database's fault, not the draft's: its lease runs out
    except SoftTimeLimitExceeded:
        previews.fail_preview(preview=row, error="time limit", now=timezone.now())
        raise
    except Exception as error:
        logger.exception("A draft could not be answered")
        words = f"{type(error).__name__}: {error}"
        previews.fail_preview(preview=row, error=words, now=timezone.now())


def _input(row: CategoryPreview, folder: Path) -> ProductInput:
    picture = None
    if row.picture:
        picture = folder / "picture.jpg"
        picture.write_bytes(bytes(row.picture))
    return ProductInput(str(row.pk), row.designation, row.description, picture)
