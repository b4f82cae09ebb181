"""Model versions: making an artifact known. The artifact itself is a directory."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from reviewapp.models import HeldOutAnswers, ModelVersion, TrainingInputs

MANIFEST = "MANIFEST.json"
INPUTS = "inputs.json"


@dataclass(eq=False)
class ModelRefused(Exception):
    """The artifact cannot be taken; `message` says why and what to do."""

    message: str

    def __str__(self) -> str:
        return self.message


@transaction.atomic
def register_model(*, directory: Path, now: datetime, is_demo: bool = False) -> ModelVersion:
    """Make the artifact in `directory` known as a candidate; return its version.

    Repeating it returns the same version. Raises ModelRefused for a directory that does not lie
    in MODELS_ROOT, is incomplete or altered, or has the name of another model.
    """
    if directory.resolve().parent != Path(settings.MODELS_ROOT).resolve():
        raise ModelRefused(f"{directory}: put the model into {settings.MODELS_ROOT}.")
    digest = check_artifact(directory)
    known = ModelVersion.objects.filter(manifest_sha256=digest).first()
    if known is not None and known.name == directory.name:
        return known
    if known is not None:
        raise ModelRefused(f"{directory}: is the same model as {known.name}; use that.")
    if ModelVersion.objects.filter(name=directory.name).exists():
        raise ModelRefused(
            f"{directory}: another model was registered under this name; choose another name."
        )
    metrics = _read_json(directory / "metrics.json")
    answers = metrics.pop("answers", None)
    version = ModelVersion.objects.create(
        name=directory.name,
        manifest_sha256=digest,
        labels=_read_json(directory / "labels.json")["codes"],
        metrics=metrics,
        created_at=now,
        is_demo=is_demo,
    )
    # Apart from the metrics, which every list of versions reads.
    if answers is not None:
        HeldOutAnswers.objects.create(model_version=version, **answers)
    if (directory / INPUTS).is_file():
        inputs = _read_json(directory / INPUTS)
        TrainingInputs.objects.create(model_version=version, inputs=inputs)
    return version


def locked_versions() -> dict[int, ModelVersion]:
    """Lock all versions against other changes of stage; return them by id.

    In one order, so that two at once wait for each other instead of colliding. New answers of a
    version pass, so that classification goes on, and so does a batch whose end is waited for.
    """
    rows = ModelVersion.objects.select_for_update(no_key=True).order_by("pk")
    return {version.pk: version for version in rows}


def check_artifact(directory: Path) -> str:
    """Compare every file with the manifest and return the manifest's sha256.

    Reads bytes and JSON only, so that a web process may do it; the worker that loads the model
    checks more. Raises ModelRefused, naming the file.
    """
    manifest = _read_json(directory / MANIFEST)
    for name, expected in manifest["files"].items():
        path = directory / name
        if not path.is_file():
            raise ModelRefused(f"{path}: missing; copy or train the model again.")
        if _sha256(path) != expected["sha256"]:
            raise ModelRefused(f"{path}: was altered; copy or train the model again.")
    return _sha256(directory / MANIFEST)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelRefused(f"{path}: {reason}; copy or train the model again.") from error
