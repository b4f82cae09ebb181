"""A trained model as a directory: written whole or not at all, checked file by file on loading.

    config.json         training configuration, settings of members, fusion
    labels.json         category codes in the order of all outputs, and their names
    preprocessing.json  encoders by digest, vocabulary of the lexical member
    metrics.json        what was measured when it was trained
    inputs.json         what the products of its training looked like; models made before have none
    model.safetensors   all arrays
    backbones/          fine-tuned networks, if any
    MANIFEST.json       sha256 and size of every file above, digests of the encoders

No pickle anywhere: a model from elsewhere can be wrong, but cannot run code.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from classifier.backbones.directory import read_json, sha256_file, write_json
from classifier.config import TrainConfig
from classifier.ensemble import Ensemble
from classifier.ensemble_files import Parts, ensemble_of, parts_of
from classifier.errors import ArtifactInvalid
from classifier.members.base import Modality

MANIFEST: Final = "MANIFEST.json"
INPUTS: Final = "inputs.json"
FORMAT: Final = "bonrayon-model-1"
_FILES: Final = (
    "config.json",
    "labels.json",
    "metrics.json",
    "model.safetensors",
    "preprocessing.json",
)


@dataclass(frozen=True)
class EncoderRecord:
    """Which encoder made the features that the heads were trained on.

    backbone: its known name or path, or None when it lies in the artifact's own backbones/
    digest: sha256 of weights, preprocessing and precision
    """

    backbone: str | None
    precision: str
    max_tokens: int | None
    digest: str
    dim: int


@dataclass(frozen=True)
class Model:
    """All that an artifact holds. bundled: backbone directories to copy into it; inputs: see
    `classifier.inputs`, None for a model made before they were kept."""

    ensemble: Ensemble
    names: Mapping[int, str]
    config: TrainConfig
    encoders: Mapping[Modality, EncoderRecord]
    metrics: dict[str, Any]
    bundled: Mapping[Modality, Path] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None


def save_artifact(model: Model, directory: Path) -> str:
    """Write `model` to the new directory `directory` and return its manifest's sha256.

    Everything goes to `<name>.part` first, which gets its name only when it is complete and on
    disk. A `.part` left by a killed run is replaced. The same model gives the same bytes.

    Raises ArtifactInvalid when `directory` exists: a model is never overwritten.
    """
    if directory.exists():
        raise ArtifactInvalid(f"{directory}: exists already; choose another directory.")
    part = directory.with_name(directory.name + ".part")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    _write_files(model, part)
    names = sorted(path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())
    manifest = {
        "format": FORMAT,
        "files": {
            name: {"bytes": (part / name).stat().st_size, "sha256": sha256_file(part / name)}
            for name in names
        },
        "encoders": {str(kind): record.digest for kind, record in model.encoders.items()},
    }
    write_json(part / MANIFEST, manifest)
    for name in [*names, MANIFEST]:
        _flush(part / name)
    digest = sha256_file(part / MANIFEST)
    part.rename(directory)
    _flush(directory.parent)
    return digest


def verify_artifact(directory: Path) -> str:
    """Check every file and return the manifest's sha256.

    Raises ArtifactInvalid, naming the file, when one is missing, altered, cut short or extra.
    """
    if directory.name.endswith(".part"):
        raise ArtifactInvalid(f"{directory}: half-written; train the model again.")
    manifest = read_json(directory / MANIFEST)
    _check_manifest(directory / MANIFEST, manifest)
    present = {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()}
    if extra := sorted(present - set(manifest["files"]) - {MANIFEST}):
        raise ArtifactInvalid(f"{directory / extra[0]}: not in the manifest; remove the file.")
    for name, expected in manifest["files"].items():
        path = directory / name
        if name not in present:
            raise ArtifactInvalid(f"{path}: missing; copy or train the model again.")
        if path.stat().st_size != expected["bytes"]:
            raise ArtifactInvalid(
                f"{path}: has {path.stat().st_size} bytes instead of {expected['bytes']};"
                " copy or train the model again."
            )
        if sha256_file(path) != expected["sha256"]:
            raise ArtifactInvalid(f"{path}: was altered; copy or train the model again.")
    return sha256_file(directory / MANIFEST)


def load_artifact(directory: Path) -> Model:
    """Read a model after checking every file. Raises ArtifactInvalid, naming the file."""
    verify_artifact(directory)
    labels = read_json(directory / "labels.json")
    config = read_json(directory / "config.json")
    preprocessing = read_json(directory / "preprocessing.json")
    encoders = _read_encoders(directory, preprocessing)
    try:
        tensors = load_tensors((directory / "model.safetensors").read_bytes())
        ensemble = ensemble_of(labels["codes"], Parts(config, preprocessing, tensors))
        names = {int(code): name for code, name in labels["names"].items()}
        trained = TrainConfig.from_json(config["training"])
    except (KeyError, IndexError, TypeError, ValueError, SafetensorError) as error:
        raise ArtifactInvalid(
            f"{directory}: its files do not fit together ({type(error).__name__}: {error});"
            " it was written by another version; train the model again."
        ) from error
    metrics = read_json(directory / "metrics.json")
    bundled = {
        kind: bundled_backbone(directory, kind)
        for kind, record in encoders.items()
        if record.backbone is None
    }
    inputs = read_json(directory / INPUTS) if (directory / INPUTS).is_file() else None
    return Model(ensemble, names, trained, encoders, metrics, bundled, inputs)


def bundled_backbone(directory: Path, modality: Modality) -> Path:
    """Return where an artifact keeps its own backbone."""
    return directory / "backbones" / str(modality)


def _write_files(model: Model, part: Path) -> None:
    parts = parts_of(model.ensemble)
    write_json(part / "config.json", {"training": model.config.to_json(), **parts.structure})
    labels = model.ensemble.labels
    names = {str(code): model.names.get(code, str(code)) for code in labels}
    write_json(part / "labels.json", {"codes": list(labels), "names": names})
    encoders = {str(kind): vars(record) for kind, record in model.encoders.items()}
    write_json(part / "preprocessing.json", {"encoders": encoders, **parts.settings})
    write_json(part / "metrics.json", model.metrics)
    if model.inputs is not None:
        write_json(part / INPUTS, model.inputs)
    (part / "model.safetensors").write_bytes(save_tensors(parts.tensors))
    for kind, source in model.bundled.items():
        shutil.copytree(source, bundled_backbone(part, kind))


def _read_encoders(directory: Path, preprocessing: dict[str, Any]) -> dict[Modality, EncoderRecord]:
    try:
        records = {
            Modality(kind): EncoderRecord(**values)
            for kind, values in preprocessing["encoders"].items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactInvalid(
            f"{directory / 'preprocessing.json'}: not of this version ({error})."
        ) from error
    listed = read_json(directory / MANIFEST)["encoders"]
    if listed != {str(kind): record.digest for kind, record in records.items()}:
        raise ArtifactInvalid(
            f"{directory / MANIFEST}: its encoder digests differ from preprocessing.json;"
            " copy or train the model again."
        )
    return records


def _check_manifest(path: Path, manifest: dict[str, Any]) -> None:
    if manifest.get("format") != FORMAT:
        raise ArtifactInvalid(f"{path}: not a model of the format {FORMAT}.")
    files = manifest.get("files")
    is_complete = (
        isinstance(files, dict)
        and set(_FILES) <= set(files)
        and all(isinstance(one, dict) and {"bytes", "sha256"} <= set(one) for one in files.values())
        and isinstance(manifest.get("encoders"), dict)
    )
    # Ours is written in one way only, so that no byte of it can change unseen.
    canonical = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if not is_complete or canonical.encode() != path.read_bytes():
        raise ArtifactInvalid(f"{path}: was altered; copy or train the model again.")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
