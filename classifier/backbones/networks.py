"""The image networks by name: how to build them and where their head sits.

A backbone directory holds `config.json` (the fields of `ImageConfig`) and `model.safetensors`
(the network's state without its head).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from classifier.backbones.directory import read_json, write_json
from classifier.backbones.torchvision_shim import ensure_torchvision
from classifier.errors import ArtifactInvalid, BackboneMissing

Triple = tuple[float, float, float]

_IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
_IMAGENET_STD: Final = (0.229, 0.224, 0.225)

# name -> the module to replace by nothing, so that the network ends in its pooled features
HEADS: Final = {
    "efficientnet_lite0": "classifier",
    "efficientnet_b0": "classifier",
    "convnext_tiny": "classifier.2",
    "mobilenet_v3_large": "classifier",
    "resnet50": "fc",
    "shufflenet_v2_x0_5": "fc",
}


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What turns a picture into features.

    size: side of the square input, pixels
    mean, std: per channel, for values 0..1
    """

    architecture: str
    size: int = 224
    mean: Triple = _IMAGENET_MEAN
    std: Triple = _IMAGENET_STD
    source: str = ""
    license: str = ""

    @classmethod
    def read(cls, directory: Path) -> ImageConfig:
        """Read `config.json`; raises ArtifactInvalid when it is not one of ours."""
        path = directory / "config.json"
        raw = read_json(path)
        try:
            raw["mean"], raw["std"] = tuple(raw["mean"]), tuple(raw["std"])
            config = cls(**raw)
        except (KeyError, TypeError) as error:
            raise ArtifactInvalid(f"{path}: not an image backbone's ({error}).") from error
        if config.architecture not in HEADS:
            raise ArtifactInvalid(f"{path}: unknown architecture {config.architecture!r}.")
        return config


def build_network(architecture: str) -> nn.Module:
    """Return the network with random weights and its original head.

    Raises BackboneMissing for a name outside `HEADS`.
    """
    if architecture not in HEADS:
        raise BackboneMissing(f"{architecture!r} is not one of {', '.join(sorted(HEADS))}.")
    ensure_torchvision()
    if architecture == "efficientnet_lite0":
        from classifier.backbones.efficientnet_lite import efficientnet_lite0

        return efficientnet_lite0()
    from torchvision.models import get_model

    network: nn.Module = get_model(architecture, weights=None)
    return network


def without_head(architecture: str, network: nn.Module) -> nn.Module:
    """Replace the head in place, so that the network returns features (B, D)."""
    path, _, name = HEADS[architecture].rpartition(".")
    setattr(network.get_submodule(path), name, nn.Identity())
    return network


def save_features_network(directory: Path, config: ImageConfig, network: nn.Module) -> None:
    """Write `config.json` and `model.safetensors` for a network without head."""
    state: dict[str, Tensor] = {
        name: value.detach().contiguous() for name, value in network.state_dict().items()
    }
    save_file(state, directory / "model.safetensors", {"format": "pt"})
    write_json(directory / "config.json", asdict(config))


def load_features_network(directory: Path) -> tuple[ImageConfig, nn.Module]:
    """Rebuild a saved network without head, in evaluation mode."""
    config = ImageConfig.read(directory)
    network = without_head(config.architecture, build_network(config.architecture))
    path = directory / "model.safetensors"
    try:
        state: dict[str, Any] = load_file(path)
        network.load_state_dict(state)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ArtifactInvalid(f"{path}: does not hold {config.architecture} ({error}).") from error
    return config, network.eval()
