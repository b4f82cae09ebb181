"""Settings of a fine-tuning run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from classifier.errors import ClassifierError


@dataclass(frozen=True, slots=True)
class FinetuneConfig:
    """The defaults suit a base-size text encoder on one GPU.

    For ConvNeXt-Tiny or ResNet50: kind "image", batch_size 64, learning_rate 1e-4, epochs 10.

    batch_size: items per process and optimiser step, of which `micro_batches` parts are held in
        memory one after the other
    learning_rate, head_learning_rate: peaks after a linear warm-up over `warmup` of all steps;
        both then fall linearly to zero
    amp: "bf16" or "fp16" mixed precision (fp16 needs a GPU), or "none"
    checkpoint_steps: optimiser steps between two checkpoints; one is also written per epoch
    loader_processes: processes that decode pictures or tokenise ahead
    """

    kind: Literal["text", "image"] = "text"
    epochs: int = 4
    batch_size: int = 32
    micro_batches: int = 1
    learning_rate: float = 2e-5
    head_learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.06
    label_smoothing: float = 0.05
    clip_norm: float = 1.0
    max_tokens: int = 128
    amp: Literal["bf16", "fp16", "none"] = "none"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    checkpoint_steps: int = 500
    loader_processes: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.checkpoint_steps < 1:
            raise ClassifierError("epochs, batch_size and checkpoint_steps must be at least 1.")
        if self.micro_batches < 1 or self.batch_size % self.micro_batches:
            raise ClassifierError("micro_batches must divide batch_size.")
        if not 0 <= self.warmup < 1:
            raise ClassifierError("warmup is a share of all steps, from 0 up to but not 1.")


def rate_at(step: int, total: int, warmup: float) -> float:
    """Return the share of the peak learning rate at `step` of `total`: up, then down to 0."""
    rising = max(1, round(warmup * total))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (total - step) / max(1, total - rising))
