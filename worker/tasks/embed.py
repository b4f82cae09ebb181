"""Vectors of products that an earlier model has classified, renewed when nothing else waits."""

from __future__ import annotations

import logging
import time

from reviewapp.selectors.embeddings import without_embedding
from reviewapp.selectors.predictions import is_work_waiting, product_input
from reviewapp.services.embeddings import renew_embeddings
from worker import inference
from worker.app import app

logger = logging.getLogger(__name__)

_BATCH = 32
_BUDGET_SECONDS = 5.0


@app.task
def renew(after: int = 0) -> None:
    """Encode products without a vector of the champion, by rising id, for a few seconds.

    Then asks for the rest, so that classification comes in between. Safe to repeat.
    """
    try:
        model = inference.model()
    except inference.ModelUnusable as problem:
        logger.warning("No vectors are renewed: %s", problem)
        return
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and not is_work_waiting():
        last = _renew_batch(model, after)
        if last is None:
            return
        after = last
    renew.apply_async((after,), retry=False)


def _renew_batch(model: inference.Model, after: int) -> int | None:
    """Renew one batch; return the last product's id, or None when there was nothing to do."""
    products = list(without_embedding(version=model.version, after=after, limit=_BATCH))
    if not products:
        return None
    results = model.predictor.predict([product_input(str(one.pk), one) for one in products])
    renew_embeddings(
        inputs={one.pk: one.input_digest for one in products},
        vectors={int(result.key): result.embedding for result in results},
        version=model.version,
    )
    return products[-1].pk
