"""Asking models about a batch of products, none of which may sink the others."""

from __future__ import annotations

import logging

from billiard.exceptions import SoftTimeLimitExceeded

from classifier.types import PredictionResult, ProductInput
from worker.inference import Predictor

logger = logging.getLogger(__name__)


def answers(predictor: Predictor, inputs: list[ProductInput]) -> dict[int, PredictionResult]:
    """Return the answers by the inputs' keys; a product that the models fail on is left out."""
    try:
        return {int(result.key): result for result in predictor.predict(inputs)}
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("The models failed on %d products", len(inputs))
    if len(inputs) == 1:
        return {}
    alone = [answers(predictor, [one]) for one in inputs]
    return {key: result for found in alone for key, result in found.items()}
