"""Models other than the champion: one in memory at a time, in the workers of the evaluation queue."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from classifier.errors import ClassifierError
from reviewapp.models import ModelVersion
from reviewapp.selectors.predictions import is_work_waiting
from worker import inference

logger = logging.getLogger(__name__)

# A marketplace that is never idle must still get its measurements.
_LONGEST_WAIT_SECONDS = 10.0
_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class _State:
    version_id: int | None = None
    predictor: inference.Predictor | None = None


_state = _State()


def predictor_of(version: ModelVersion) -> inference.Predictor:
    """Return the version's predictor, loaded and warm. Raises ModelUnusable."""
    if _state.predictor is not None and _state.version_id == version.pk:
        return _state.predictor
    # First let go of the other one: two do not fit everywhere.
    forget()
    try:
        predictor = inference.ready_predictor(version)
    except (ClassifierError, OSError) as error:
        logger.exception("Model %s cannot be loaded", version.name)
        raise inference.ModelUnusable(f"Model {version.name} cannot be used: {error}") from error
    _state.version_id, _state.predictor = version.pk, predictor
    return predictor


def forget() -> None:
    """Drop the loaded model, as in a fresh process."""
    _state.version_id = _state.predictor = None


def let_arrivals_pass() -> None:
    """Wait while products wait for the champion, but not for ever."""
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while is_work_waiting() and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
