"""The catalogue asked anew by the champion, a few seconds at a time, behind all classification."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from classifier.types import PredictionResult
from reviewapp.models import Product
from reviewapp.selectors.predictions import is_work_waiting, product_input
from reviewapp.services import rescoring
from worker import inference
from worker.app import app

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
        results = _answers(model, batch.products)
        rescoring.record_batch(batch=batch, results=results, now=timezone.now())


def _answers(model: inference.Model, products: Sequence[Product]) -> dict[int, PredictionResult]:
    """Return the answers by product; one that the models fail on is left out, and sinks no other."""
    try:
        said = model.predictor.predict([product_input(str(one.pk), one) for one in products])
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("A batch of %d could not be asked anew", len(products))
        if len(products) == 1:
            return {}
        alone = [_answers(model, [one]) for one in products]
        return {key: result for answers in alone for key, result in answers.items()}
    return {int(result.key): result for result in said}
