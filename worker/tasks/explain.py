"""Explanations, one per message, when no product waits for its classification."""

from __future__ import annotations

import logging
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from reviewapp.models import Explanation
from reviewapp.selectors.predictions import product_input
from reviewapp.services import explanations
from worker import inference
from worker.app import app

logger = logging.getLogger(__name__)

# Stored in English and translated where they are shown.
NO_ANSWER = gettext_noop("FUSION has no answer to this product, so there is nothing to explain.")
CHANGED = gettext_noop("The product or the model has changed since. Ask again.")


def wake_explainer(explanation_id: int) -> None:
    """Tell a worker of an explanation, once the present transaction is committed.

    Never raises when the broker is down: whoever waits can ask again.
    """
    transaction.on_commit(partial(_send, explanation_id), robust=True)


def _send(explanation_id: int) -> None:
    try:
        explain.apply_async((explanation_id,), retry=False)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be told of an explanation: %s", error)


@app.task(soft_time_limit=45, time_limit=60)
def explain(explanation_id: int) -> None:
    """Make one explanation. Safe to repeat: who does not get the row does nothing."""
    row = explanations.take(explanation_id=explanation_id)
    if row is None:
        return
    try:
        _make(row)
    except Exception as error:
        logger.exception("Explanation %s failed", explanation_id)
        words = f"{type(error).__name__}: {error}"
        explanations.fail(explanation_id=row.pk, error=words, now=timezone.now())


def _make(row: Explanation) -> None:
    model = inference.model()
    product = row.product
    if model.version.pk != row.model_version_id or product.input_digest != row.input_digest:
        explanations.fail(explanation_id=row.pk, error=CHANGED, now=timezone.now())
        return
    attribution = model.predictor.explain(product_input(str(row.pk), product))
    if attribution is None:
        explanations.fail(explanation_id=row.pk, error=NO_ANSWER, now=timezone.now())
    else:
        explanations.finish(explanation_id=row.pk, attribution=attribution, now=timezone.now())
