"""The one loaded Predictor of a worker process. The only module that brings torch in.

Each forked process loads its own: torch that has run threads in the parent hangs after a fork.
"""

from __future__ import annotations

import importlib
import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.translation import gettext_noop
from PIL import Image

from classifier.errors import ArtifactInvalid, ClassifierError
from classifier.types import Attribution, Distribution, Member, PredictionResult, ProductInput
from reviewapp.choices import Queue
from reviewapp.models import ModelVersion
from reviewapp.selectors import model_versions
from worker.node import in_each_process, node

logger = logging.getLogger(__name__)

# Of a real site's operator: `train_demo_model` would let invented products decide about real ones.
# Stored in English and translated where it is shown.
NO_MODEL = gettext_noop(
    "No model is in service yet. Train one on the page Models › Training or with `manage.py train`,"
    " or register your own with `manage.py register_model`; then promote it on the page Models or"
    " with `manage.py promote_model`."
)
_PREDICTOR = "classifier.predictor:Predictor"
# Two processes with one thread each beat one process with two (measured), and threads of
# processes that share cores spin instead of computing.
_THREADS = 1
# A broken artifact is not read again and again while products wait.
_RETRY_SECONDS = 10.0


class ModelUnusable(Exception):
    """There is no model to classify with; the message says why and what to do."""


class Predictor(Protocol):
    """What this module needs of `classifier.predictor.Predictor`."""

    manifest_sha256: str

    def predict(self, products: list[ProductInput]) -> list[PredictionResult]: ...

    def distributions(self, products: list[ProductInput]) -> dict[Member, Distribution]: ...

    def explain(self, product: ProductInput) -> Attribution | None: ...


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model and its row."""

    version: ModelVersion
    predictor: Predictor


@dataclass(slots=True)
class _State:
    model: Model | None = None
    problem: str = ""
    refused_id: int | None = None
    refused_at: float = 0.0


_state = _State()


def model() -> Model:
    """Return the champion, loaded and warm. Raises ModelUnusable.

    Asks the database each time, so that a promotion counts from the next batch on.
    """
    version = model_versions.champion()
    if version is None:
        return _refuse(None, NO_MODEL)
    loaded = _state.model
    if loaded is not None and loaded.version.manifest_sha256 == version.manifest_sha256:
        return loaded
    if _state.refused_id == version.pk and time.monotonic() - _state.refused_at < _RETRY_SECONDS:
        raise ModelUnusable(_state.problem)
    return _load(version)


def status() -> tuple[ModelVersion | None, str]:
    """Return the loaded version and the problem, as the heartbeat tells it."""
    return (_state.model.version if _state.model else None), _state.problem


def forget() -> None:
    """Drop the loaded model, as in a fresh process."""
    _state.model, _state.problem, _state.refused_id = None, "", None


def _load(version: ModelVersion) -> Model:
    started = time.monotonic()
    try:
        predictor = ready_predictor(version)
    except (ClassifierError, OSError) as error:
        logger.exception("Model %s cannot be loaded", version.name)
        return _refuse(version, f"Model {version.name} cannot be used: {error}")
    except Exception as error:
        # Whatever else a damaged file or library raises: a worker that only failed here again and
        # again would tell nobody, and its products would wait for ever.
        logger.exception("Model %s cannot be loaded", version.name)
        words = f"{type(error).__name__}: {error}; the worker's log says more."
        return _refuse(version, f"Model {version.name} cannot be used: {words}")
    _state.model, _state.problem, _state.refused_id = Model(version, predictor), "", None
    logger.info("Model %s is ready after %.1f s", version.name, time.monotonic() - started)
    return _state.model


def ready_predictor(version: ModelVersion) -> Predictor:
    """Load the artifact, compare it with its row and try it out once."""
    predictor: Predictor = _predictor_class().load(
        model_versions.artifact_path(version), settings.BACKBONES_ROOT, threads=_THREADS
    )
    if predictor.manifest_sha256 != version.manifest_sha256:
        raise ArtifactInvalid("MANIFEST.json is not the registered one.")
    _warm_up(predictor)
    return predictor


def _refuse(version: ModelVersion | None, problem: str) -> Model:
    forget()
    _state.problem = problem
    _state.refused_id = version.pk if version else None
    _state.refused_at = time.monotonic()
    raise ModelUnusable(problem)


def _predictor_class() -> Any:
    module, _, name = (settings.PREDICTOR or _PREDICTOR).partition(":")
    return getattr(importlib.import_module(module), name)


def _warm_up(predictor: Predictor) -> None:
    """Let the first product not pay for what torch does once."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "warm-up.png"
        Image.new("RGB", (224, 224), "white").save(picture)
        predictor.predict([ProductInput("warm-up", "Roman policier", "Un livre.", picture)])


@in_each_process
def _preload(**_kwargs: Any) -> None:
    if not node.listens_to(Queue.INFERENCE):
        return
    try:
        model()
    except ModelUnusable as problem:
        logger.warning("%s", problem)
