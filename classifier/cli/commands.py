"""What each command does: parse, call the library, print. Heavy imports wait for their command."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifier.cli.progress import Progress
from classifier.config import ConfigInvalid, TrainConfig
from classifier.errors import DataInvalid
from classifier.types import Member, PredictionResult, ProductInput

BACKBONES: Final = "backbones"
FEATURES: Final = "features"


def train(arguments: argparse.Namespace) -> None:
    """Train a model and print its metrics on the held-out part."""
    from classifier.data import read_dataset
    from classifier.train import train as run

    progress = start(arguments)
    started = time.monotonic()
    dataset = read_dataset(
        arguments.data, lambda d, t: progress("hashing", d, t), images=arguments.images
    )
    trained = run(
        dataset,
        arguments.out,
        read_config(arguments),
        progress,
        backbone_cache=arguments.cache / BACKBONES,
        feature_cache=arguments.cache / FEATURES,
    )
    seconds = time.monotonic() - started
    result = {
        "artifact": str(arguments.out),
        "manifest_sha256": trained.manifest_sha256,
        "seconds": round(seconds, 1),
        "metrics": trained.metrics,
    }
    head = f"{arguments.out} written in {seconds:.0f} s, manifest {trained.manifest_sha256[:12]}"
    fusion = trained.metrics["fusion"]["reason"]
    emit(arguments, result, "\n".join([head, fusion, "", _table(trained.metrics)]))


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure a model on labelled products."""
    from classifier.artifact import load_artifact
    from classifier.evaluate import evaluate as run
    from classifier.loading import encoders_of

    progress = start(arguments)
    model = load_artifact(arguments.model)
    result = run(
        model,
        encoders_of(model, arguments.cache / BACKBONES),
        _labelled(arguments, progress),
        progress,
        feature_cache=arguments.cache / FEATURES,
        threshold=arguments.threshold,
    )
    emit(arguments, result, _table(result))


def calibrate(arguments: argparse.Namespace) -> None:
    """Write a copy of a model with new temperatures."""
    from classifier.artifact import load_artifact
    from classifier.evaluate import recalibrate

    progress = start(arguments)
    digest = recalibrate(
        arguments.model,
        arguments.out,
        _labelled(arguments, progress),
        progress,
        backbone_cache=arguments.cache / BACKBONES,
        feature_cache=arguments.cache / FEATURES,
    )
    change = load_artifact(arguments.out).metrics["recalibration"]
    result = {"artifact": str(arguments.out), "manifest_sha256": digest, "change": change}
    lines = [
        f"{name}: log-loss {change['before'][name]['nll']} -> {change['after'][name]['nll']}"
        for name in change["after"]
    ]
    emit(arguments, result, "\n".join(lines))


def predict(arguments: argparse.Namespace) -> None:
    """Print one JSON line per product."""
    from classifier.predictor import Predictor

    start(arguments)
    predictor = Predictor.load(arguments.model, arguments.cache / BACKBONES, arguments.threads)
    names = predictor.model.names
    waiting = _products(arguments)
    while batch := list(islice(waiting, arguments.batch)):
        for result in predictor.predict(batch):
            sys.stdout.write(json.dumps(as_json(result, names), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def benchmark(arguments: argparse.Namespace) -> None:
    """Compare all members on products held out."""
    from classifier.benchmark import as_markdown
    from classifier.benchmark import benchmark as run
    from classifier.data import read_dataset

    progress = start(arguments)
    config = read_config(arguments)
    result = run(
        read_dataset(
            arguments.data, lambda d, t: progress("hashing", d, t), images=arguments.images
        ),
        config,
        progress,
        folds=arguments.folds,
        backbone_cache=arguments.cache / BACKBONES,
        feature_cache=arguments.cache / FEATURES,
        use_official=not arguments.ignore_official_split,
    )
    emit(arguments, result, as_markdown(result, config.threshold))


def backbones(arguments: argparse.Namespace) -> None:
    """Build the pretrained networks of the default configuration and check them."""
    from classifier.loading import backbone_directory, load_encoders
    from classifier.members.base import Modality

    start(arguments)
    config = TrainConfig()
    cache = arguments.cache / BACKBONES
    wanted = {Modality.TEXT: config.text, Modality.IMAGE: config.image}
    _, records, _ = load_encoders(wanted, cache)
    result = {
        str(kind): {
            "backbone": record.backbone,
            "directory": str(backbone_directory(wanted[kind], kind, cache)),
            "precision": record.precision,
            "features": record.dim,
            "digest": record.digest,
        }
        for kind, record in records.items()
    }
    lines = [
        f"{kind}: {one['backbone']} ({one['precision']}, {one['features']} features)"
        f" in {one['directory']}"
        for kind, one in result.items()
    ]
    emit(arguments, result, "\n".join(lines))


def read_config(arguments: argparse.Namespace) -> TrainConfig:
    """Return the configuration file's settings with those of the command line over them."""
    values: dict[str, Any] = {}
    if arguments.config is not None:
        try:
            values = json.loads(arguments.config.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigInvalid(f"{arguments.config}: not a JSON file ({error}).") from error
        if not isinstance(values, dict):
            raise ConfigInvalid(f"{arguments.config}: expected a JSON object.")
    config = TrainConfig.from_json(values)
    if arguments.seed is not None:
        config = replace(config, seed=arguments.seed)
    if arguments.members is not None:
        config = replace(config, members=tuple(Member(name) for name in arguments.members))
    if arguments.text_backbone is not None:
        config = replace(config, text=replace(config.text, backbone=arguments.text_backbone))
    if arguments.image_backbone is not None:
        config = replace(config, image=replace(config.image, backbone=arguments.image_backbone))
    return config


def as_json(result: PredictionResult, names: Mapping[int, str]) -> dict[str, Any]:
    """Return a prediction as JSON values."""
    answers = {}
    for member, answer in result.answers.items():
        answers[str(member)] = {
            "confidence": answer.confidence,
            "absence": answer.absence and str(answer.absence),
            "latency_ms": round(answer.latency_ms, 2),
            "top": [
                {
                    "code": score.code,
                    "name": names.get(score.code, str(score.code)),
                    "probability": round(score.probability, 6),
                }
                for score in answer.top
            ],
        }
    return {"key": result.key, "answers": answers}


def start(arguments: argparse.Namespace) -> Progress:
    """Set the threads and return the progress bar."""
    if arguments.threads is not None:
        from classifier.threads import set_threads

        set_threads(arguments.threads)
    return Progress(is_quiet=arguments.quiet)


def _labelled(arguments: argparse.Namespace, progress: Progress) -> list[Any]:
    from classifier.artifact import load_artifact
    from classifier.data import read_dataset
    from classifier.evaluate import held_out

    dataset = read_dataset(
        arguments.data, lambda d, t: progress("hashing", d, t), images=arguments.images
    )
    if arguments.part == "all":
        return list(dataset)
    return held_out(load_artifact(arguments.model), dataset)


def _products(arguments: argparse.Namespace) -> Iterator[ProductInput]:
    if arguments.data is not None:
        from classifier.data import read_dataset

        yield from (product.input for product in read_dataset(arguments.data))
    elif arguments.jsonl is not None:
        with arguments.jsonl as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _product(line, number)
    else:
        yield ProductInput("1", arguments.designation, arguments.description, arguments.image)


def _product(line: str, number: int) -> ProductInput:
    try:
        values = json.loads(line)
        image = values.get("image")
        return ProductInput(
            key=str(values.get("key", number)),
            designation=str(values.get("designation") or ""),
            description=str(values.get("description") or ""),
            image=Path(image) if image else None,
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise DataInvalid(f"Line {number} is not a JSON object of a product ({error}).") from error


def emit(arguments: argparse.Namespace, result: Mapping[str, Any], text: str) -> None:
    """Write the result to standard output, as JSON or for reading."""
    shown = json.dumps(result, indent=2, ensure_ascii=False) if arguments.json else text
    sys.stdout.write(shown + "\n")


def _table(metrics: Mapping[str, Any]) -> str:
    lines = [f"{'':<8} {'products':>8} {'accuracy':>22} {'macro-F1':>9} {'wtd-F1':>7} {'ECE':>6}"]
    for name, one in metrics["members"].items():
        if not one["rows"]:
            continue
        right = one["accuracy"]
        interval = f"{right['value']:.3f} [{right['low']:.3f}, {right['high']:.3f}]"
        lines.append(
            f"{name:<8} {one['rows']:>8} {interval:>22} {one['macro_f1']['value']:>9.3f}"
            f" {one['weighted_f1']['value']:>7.3f} {one['ece']['after']['value']:>6.3f}"
        )
    return "\n".join(lines)
