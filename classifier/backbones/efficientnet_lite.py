"""EfficientNet-Lite0 built on torchvision's EfficientNet.

The Lite variants drop squeeze-and-excitation, use ReLU6, keep the stem and the last stage
unscaled, and pad strided convolutions as TensorFlow does, one more pixel at the end than at the
start (R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.efficientnet import EfficientNet, MBConv, MBConvConfig

FEATURES: Final = 1280

# expansion, kernel, stride, channels in, channels out, repeats
_STAGES: Final = (
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
)


class _NoSqueeze(nn.Identity):
    """Takes the place of squeeze-and-excitation."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


class _LiteBlock(MBConv):  # type: ignore[misc]
    def __init__(
        self, config: MBConvConfig, depth_probability: float, norm: Callable[..., nn.Module]
    ) -> None:
        super().__init__(config, depth_probability, norm, se_layer=_NoSqueeze)


class SamePadConv2d(nn.Conv2d):
    """A convolution of stride 2 with TensorFlow's "same" padding for even sizes."""

    def forward(self, input: Tensor) -> Tensor:
        total = int(self.kernel_size[0]) - 2
        before, after = total // 2, total - total // 2
        padded = functional.pad(input, (before, after, before, after))
        output: Tensor = self._conv_forward(padded, self.weight, self.bias)
        return output


def efficientnet_lite0(classes: int = 1000) -> nn.Module:
    """Return the network with random weights; its state has the names of torchvision's."""
    stages = [MBConvConfig(*stage, width_mult=1.0, depth_mult=1.0) for stage in _STAGES]
    for stage in stages:
        stage.block = _LiteBlock
    network: nn.Module = EfficientNet(
        stages,
        dropout=0.2,
        stochastic_depth_prob=0.0,
        num_classes=classes,
        last_channel=FEATURES,
        norm_layer=_batch_norm,
    )
    _make_lite(network)
    return network


def state_from_wheel(network: nn.Module, wheel: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the package's tensors, which come in the same order, to the network's names.

    Raises ValueError when order or shapes differ.
    """
    state = network.state_dict()
    renamed = {}
    for (name, ours), (theirs_name, theirs) in zip(state.items(), wheel.items(), strict=True):
        same_kind = name.rsplit(".", 1)[-1] == theirs_name.rsplit(".", 1)[-1]
        if ours.shape != theirs.shape or not same_kind:
            raise ValueError(f"{theirs_name} {tuple(theirs.shape)} does not fit {name}")
        renamed[name] = theirs
    return renamed


def _batch_norm(channels: int, **options: Any) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01, **options)


def _make_lite(module: nn.Module) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.SiLU):
            setattr(module, name, nn.ReLU6(inplace=True))
        elif isinstance(child, nn.Conv2d) and child.stride[0] == 2:
            setattr(module, name, _same_padded(child))
        else:
            _make_lite(child)


def _same_padded(convolution: nn.Conv2d) -> SamePadConv2d:
    with torch.device("meta"):
        replacement = SamePadConv2d(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type]
            stride=2,
            groups=convolution.groups,
            bias=convolution.bias is not None,
        )
    replacement.weight, replacement.bias = convolution.weight, convolution.bias
    return replacement
