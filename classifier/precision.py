"""Number formats for inference on CPU, and which one suits this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Precision = Literal["int8", "bf16", "fp32"]


def default_precision(kind: Literal["text", "image"]) -> Precision:
    """Return the fastest format that this CPU computes in hardware.

    bf16 where the CPU multiplies it natively; emulated it is several times slower than fp32.
    Otherwise int8 for text where the CPU has 8-bit dot products, and fp32 for the rest.
    """
    able = torch.cpu.get_capabilities()
    if able.get("amx_bf16") or able.get("avx512_bf16"):
        return "bf16"
    if kind == "text" and (able.get("avx512_vnni") or able.get("avx_vnni")):
        return "int8"
    return "fp32"


class Int8Linear(nn.Module):
    """A linear layer with 8-bit weights and activations.

    One scale per output channel and, unlike torch's own dynamic quantisation, one per input row:
    a token with large activations takes no resolution from the others, and a product's answer
    does not depend on the products beside it in the batch.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        weight = layer.weight.detach()
        scale = weight.abs().amax(dim=1).clamp_min(1e-12) / 127
        self.register_buffer("scale", scale)  # (O,)
        # Transposed view of a row-major matrix: the layout the kernel is fast with.
        quantised = (weight / scale.unsqueeze(1)).round().to(torch.int8)
        self.register_buffer("weight", quantised.t())  # (I, O)
        bias = torch.zeros_like(scale) if layer.bias is None else layer.bias.detach()
        self.register_buffer("bias", bias)  # (O,)

    scale: Tensor
    weight: Tensor
    bias: Tensor

    def forward(self, input: Tensor) -> Tensor:
        """input: (..., I) float32; returns (..., O) float32."""
        rows = input.flatten(0, -2)
        # Not aminmax: along a dimension it is five times slower than these two together.
        high, low = rows.amax(dim=-1, keepdim=True), rows.amin(dim=-1, keepdim=True)
        step = torch.maximum(high, -low).clamp_min(1e-12) / 127  # (rows, 1)
        products = torch._int_mm((rows / step).round_().to(torch.int8), self.weight)
        output = torch.addcmul(self.bias, products.float().mul_(step), self.scale)
        return output.view(*input.shape[:-1], -1)


def convert(network: nn.Module, precision: Precision) -> nn.Module:
    """Bring a network into `precision`, in place, for inference only.

    int8 converts linear layers and leaves the rest in fp32.
    """
    if precision == "bf16":
        return network.bfloat16()
    if precision == "int8":
        _replace(network, nn.Linear, Int8Linear)
    return network


def fold_batch_norms(network: nn.Module) -> nn.Module:
    """Merge each batch norm that directly follows a convolution into it, in place.

    The same function up to rounding, with a third less memory traffic. Evaluation mode only.
    """
    for child in network.children():
        fold_batch_norms(child)
    if isinstance(network, nn.Sequential):
        for index in range(len(network) - 1):
            first, second = network[index], network[index + 1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                network[index] = fuse_conv_bn_eval(first, second)
                network[index + 1] = nn.Identity()
    return network


def _replace(
    network: nn.Module, kind: type[nn.Linear], make: Callable[[nn.Linear], nn.Module]
) -> None:
    for name, child in network.named_children():
        if isinstance(child, kind):
            setattr(network, name, make(child))
        else:
            _replace(child, kind, make)
