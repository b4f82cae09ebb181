"""Checkpoints of a training run: safetensors and JSON, no pickle.

A checkpoint is a directory `step-<n>` with `model.safetensors`, `optimiser.safetensors`,
`state.json` and a manifest. The newest that verifies is used; older ones are removed only after
a newer one is complete.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from classifier.backbones.directory import (
    read_json,
    verify_directory,
    write_directory,
    write_json,
)
from classifier.errors import ArtifactInvalid

_KEPT: Final = 2

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """Where a run stands.

    run: digest of data, settings and backbone; a checkpoint of another run is refused
    step: optimiser steps taken; epoch, batch: the next batch to train on
    scale: loss scale of fp16 training
    best_loss: lowest validation loss so far, None before the first validation
    history: measures of each finished epoch
    """

    run: str
    step: int = 0
    epoch: int = 0
    batch: int = 0
    scale: float | None = None
    best_loss: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(
    folder: Path, progress: Progress, network: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    """Write a checkpoint and remove all but the newest two."""

    def fill(part: Path) -> None:
        save_file(_plain(network.state_dict()), part / "model.safetensors")
        save_file(_optimiser_tensors(optimiser), part / "optimiser.safetensors")
        write_json(part / "state.json", asdict(progress))

    target = folder / f"step-{progress.step:09d}"
    if not target.exists():
        write_directory(target, fill)
    for old in _checkpoints(folder)[_KEPT:]:
        shutil.rmtree(old)


def load_checkpoint(
    folder: Path, run: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> Progress:
    """Bring network and optimiser to the newest whole checkpoint; a fresh start without one.

    A damaged checkpoint is reported, removed and passed over. Raises ArtifactInvalid when the
    checkpoint is of a run with other data or settings.
    """
    for checkpoint in _checkpoints(folder):
        try:
            verify_directory(checkpoint)
        except ArtifactInvalid as error:
            logger.warning("checkpoint removed and passed over: %s", error)
            shutil.rmtree(checkpoint)
            continue
        progress = Progress(**read_json(checkpoint / "state.json"))
        if progress.run != run:
            raise ArtifactInvalid(
                f"{checkpoint}: belongs to a run with other data or settings; delete {folder} or"
                " choose another output directory."
            )
        network.load_state_dict(load_file(checkpoint / "model.safetensors"))
        _restore_optimiser(optimiser, load_file(checkpoint / "optimiser.safetensors"))
        return progress
    return Progress(run)


def save_weights(path: Path, network: nn.Module) -> None:
    """Write the network's weights under `path`, whole or not at all."""
    part = path.with_suffix(".part")
    save_file(_plain(network.state_dict()), part)
    part.replace(path)


def load_weights(path: Path, network: nn.Module) -> None:
    network.load_state_dict(load_file(path))


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)


def _plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}


def _optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    flat = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            flat[f"{index}.{name}"] = torch.as_tensor(value)
    return _plain(flat)


def _restore_optimiser(optimiser: torch.optim.Optimizer, flat: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in flat.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = tensor
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
