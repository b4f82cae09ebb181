"""The catalogue asked anew by the champion, a few seconds at a time, behind all classification."""

from __future__ import annotations

import logging
import time

from django.utils import timezone

from reviewapp.selectors.predictions import is_work_waiting, product_input
from reviewapp.services import rescoring
from worker import inference
from worker.app import app
from worker.tasks.answering import answers

logger = logging.getLogger(__name__)

# About a second on one core, which is what an arrival may have to wait for.
_BATCH = 16
# Of every ten seconds, in which beat sends the next message.
_BUDGET_SECONDS = 8.0


@app.task
def rescore() -> None:
    """Ask about products until arrivals wait or the budget is spent. Safe to repeat."""
    deadline = time.monotonic() + _BUDGET_SECONDS
    try:
        model = inference.model()
    except inference.ModelUnusable as problem:
        # The drain warns of it already, as often.
        logger.debug("The catalogue is not asked anew: %s", problem)
        return
    while time.monotonic() < deadline and not is_work_waiting():
        batch = rescoring.take_batch(version=model.version, limit=_BATCH, now=timezone.now())
        if batch is None:
            return
        inputs = [product_input(str(one.pk), one) for one in batch.products]
        results = answers(model.predictor, inputs)
        rescoring.record_batch(batch=batch, results=results, now=timezone.now())
