"""`finetune`: train a whole backbone on the same products that `train` will train on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any, Final

from classifier.cli.commands import BACKBONES, emit, read_config, start
from classifier.config import StackOn, TrainConfig

_IMAGE_EPOCHS: Final = 10
_IMAGE_RATE: Final = 1e-4


def finetune(arguments: argparse.Namespace) -> None:
    """Fine-tune one backbone and print the configuration with which `train` uses it.

    Only the training part of the split is trained on; the calibration part chooses the epoch.
    """
    from classifier.data import read_dataset
    from classifier.finetune.loop import finetune as run
    from classifier.finetune.samples import labelled
    from classifier.loading import backbone_directory
    from classifier.members.base import Modality
    from classifier.train import CALIBRATION, TRAIN, divide

    progress = start(arguments)
    config = read_config(arguments)
    dataset = read_dataset(
        arguments.data, lambda d, t: progress("hashing", d, t), images=arguments.images
    )
    parts = divide(dataset, config)
    kind = Modality(arguments.kind)
    encoder = config.text if kind is Modality.TEXT else config.image
    report = run(
        labelled(dataset, parts[TRAIN], kind),
        backbone_directory(encoder, kind, arguments.cache / BACKBONES),
        arguments.out,
        settings(arguments, config),
        labelled(dataset, parts[CALIBRATION], kind),
        lambda done, total: progress("steps", done, total),
    )
    tuned = replace(encoder, backbone=str(arguments.out.resolve()), is_bundled=True)
    used = replace(config, stack_on=StackOn.CALIBRATION)
    used = replace(used, text=tuned) if kind is Modality.TEXT else replace(used, image=tuned)
    result = {
        "directory": str(report.directory),
        "steps": report.steps,
        "history": report.history,
        "config": used.to_json(),
    }
    last = report.history[-1] if report.history else {}
    measures = ", ".join(f"{name} {value:.4g}" for name, value in last.items())
    text = (
        f"{report.directory} written after {report.steps} steps ({measures}).\n"
        'Train on it with `--config FILE`, where FILE holds the "config" of this command\'s --json.'
    )
    emit(arguments, result, text)


def settings(arguments: argparse.Namespace, config: TrainConfig) -> Any:
    """Return the fine-tuning settings: the kind's defaults with the command line over them."""
    from classifier.finetune.config import FinetuneConfig

    kind: Any = arguments.kind
    chosen: dict[str, Any] = {"kind": kind, "seed": config.seed}
    if kind == "image":
        chosen |= {"epochs": _IMAGE_EPOCHS, "learning_rate": _IMAGE_RATE, "batch_size": 64}
    if kind == "text" and config.text.max_tokens:
        chosen["max_tokens"] = config.text.max_tokens
    for name in ("epochs", "batch_size", "learning_rate", "amp", "device", "label_smoothing"):
        if (value := getattr(arguments, name)) is not None:
            chosen[name] = value
    return FinetuneConfig(**chosen)
