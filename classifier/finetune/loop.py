"""The training loop: mixed precision, several processes, checkpoints, resume.

A run that is killed and started again with the same arguments gives, on one device, the same
weights as one that was not: order, augmentation and dropout depend on the seed and the step only.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from classifier.errors import ClassifierError
from classifier.finetune.checkpoint import (
    Progress,
    load_checkpoint,
    load_weights,
    save_checkpoint,
    save_weights,
)
from classifier.finetune.config import FinetuneConfig, rate_at
from classifier.finetune.distributed import World, join_world
from classifier.finetune.models import ImageRecipe, Recipe, TextRecipe
from classifier.finetune.samples import Batch, PreparedSamples, Samples, epoch_batches

ProgressReport = Callable[[int, int], None]
Points = Callable[[str, float, float], None]  # hears (curve, x, y)

_POINTS: Final = 100  # of a run's training loss
_BEST: Final = "best.safetensors"


@dataclass(frozen=True, slots=True)
class FinetuneReport:
    """directory: the exported backbone with its head; history: measures of each epoch."""

    directory: Path
    labels: list[int]
    steps: int
    history: list[dict[str, float]]


def finetune(
    train: Samples,
    backbone: Path,
    out: Path,
    config: FinetuneConfig,
    validation: Samples | None = None,
    on_progress: ProgressReport | None = None,
    on_point: Points | None = None,
) -> FinetuneReport:
    """Train backbone and head on `train` and write them to the directory `out`.

    With `validation`, the epoch with the lowest validation loss is exported, else the last.
    Checkpoints lie in `<out>.run` until the end; started again, the run goes on from the newest.
    `on_progress` hears (steps done, steps in all); `on_point` the training loss of a hundred steps
    or so and the validation's measures of each epoch, by step.

    Raises ClassifierError when `out` exists, ArtifactInvalid for checkpoints of another run,
    InputUnreadable, naming the file, for a picture that cannot be decoded.
    """
    if out.exists():
        raise ClassifierError(f"{out} exists already; choose another output directory.")
    labels = sorted(set(train.codes))
    recipe_type = TextRecipe if config.kind == "text" else ImageRecipe
    with join_world(config.device) as world:
        if config.amp == "fp16" and world.device.type == "cpu":
            raise ClassifierError('fp16 needs a GPU; set amp to "bf16" or "none".')
        recipe = recipe_type(backbone, labels, config)
        run = _Run(recipe, train, validation, out, world)
        run.train(on_progress, on_point)
        world.wait()
        if world.is_first:
            run.export()
        world.wait()
    return FinetuneReport(out, labels, run.progress.step, run.progress.history)


class _Run:
    def __init__(
        self,
        recipe: Recipe,
        train: Samples,
        validation: Samples | None,
        out: Path,
        world: World,
    ) -> None:
        self._recipe, self._config, self._world = recipe, recipe.config, world
        self._out, self._folder = out, out.with_name(f"{out.name}.run")
        self._train = recipe.prepare(train)
        self._validation = None if validation is None else recipe.prepare(validation)
        self._network = recipe.network.to(world.device)
        self._optimiser = _optimiser(self._network, self._config)
        self.progress = self._resume(_run_digest(recipe, train, validation, world.size))
        self._parallel = world.wrap(self._network)
        self._scaler = torch.amp.GradScaler(
            world.device.type,
            init_scale=self.progress.scale or 2.0**16,
            enabled=self._config.amp == "fp16",
        )

    def _resume(self, run: str) -> Progress:
        # One after the other: the first process also removes damaged checkpoints.
        if not self._world.is_first:
            self._world.wait()
        progress = load_checkpoint(self._folder, run, self._network, self._optimiser)
        if self._world.is_first:
            self._world.wait()
        return progress

    def train(self, on_progress: ProgressReport | None, on_point: Points | None) -> None:
        config, progress = self._config, self.progress
        total = config.epochs * len(self._batches(0))
        while progress.epoch < config.epochs:
            batches = self._batches(progress.epoch)
            self._train.epoch = progress.epoch
            for batch in self._load(self._train, batches[progress.batch :]):
                loss = self._step(batch, total)
                progress.batch += 1
                if on_point is not None and progress.step % max(1, total // _POINTS) == 0:
                    on_point("training_loss", progress.step, float(loss))
                if on_progress is not None:
                    on_progress(progress.step, total)
                if progress.step % config.checkpoint_steps == 0:
                    self._save()
            self._finish_epoch()
            if on_point is not None:
                for name, value in progress.history[-1].items():
                    if name != "epoch":
                        on_point(f"validation_{name}", progress.step, value)

    def _batches(self, epoch: int) -> list[list[int]]:
        config, world = self._config, self._world
        return epoch_batches(
            self._train, config.batch_size, config.seed, epoch, world.rank, world.size
        )

    def _load(self, samples: PreparedSamples, batches: list[list[int]]) -> DataLoader[Any]:
        return DataLoader(
            samples,
            batch_sampler=batches,
            collate_fn=samples.collate,
            num_workers=self._config.loader_processes,
            pin_memory=self._world.device.type == "cuda",
        )

    def _step(self, batch: Batch, total: int) -> Tensor:
        """Take one optimiser step; return the batch's loss in nats."""
        config, progress = self._config, self.progress
        torch.manual_seed((config.seed * 1_000_003 + progress.step) * 1_009 + self._world.rank)
        self._parallel.train()
        share = rate_at(progress.step, total, config.warmup)
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * share
        parts = _cut(batch, config.micro_batches)
        told = torch.zeros((), device=self._world.device)
        whole = batch.weights.sum().clamp_min(1e-12)
        for number, part in enumerate(parts, start=1):
            with self._without_sync(last=number == len(parts)):
                loss = self._loss(part.to(self._world.device)).sum() / whole
                told += loss.detach()
                self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimiser)
        nn.utils.clip_grad_norm_(self._network.parameters(), config.clip_norm)
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._optimiser.zero_grad(set_to_none=True)
        progress.step += 1
        return told

    def _loss(self, batch: Batch) -> Tensor:
        """Return the weighted losses (B,)."""
        with self._autocast():
            logits = self._parallel(*batch.inputs)
        losses = functional.cross_entropy(
            logits.float(),
            batch.targets,
            reduction="none",
            label_smoothing=self._config.label_smoothing,
        )
        return losses * batch.weights

    def _autocast(self) -> AbstractContextManager[Any]:
        if self._config.amp == "none":
            return nullcontext()
        dtype = torch.bfloat16 if self._config.amp == "bf16" else torch.float16
        return torch.autocast(self._world.device.type, dtype=dtype)

    def _without_sync(self, last: bool) -> AbstractContextManager[Any]:
        if last or self._world.size == 1:
            return nullcontext()
        parallel: Any = self._parallel
        context: AbstractContextManager[Any] = parallel.no_sync()
        return context

    def _finish_epoch(self) -> None:
        progress = self.progress
        measures: dict[str, float] = {"epoch": progress.epoch}
        if self._validation is not None and self._world.is_first:
            measures |= self._validate(self._validation)
            if progress.best_loss is None or measures["loss"] < progress.best_loss:
                progress.best_loss = measures["loss"]
                self._folder.mkdir(parents=True, exist_ok=True)
                save_weights(self._folder / _BEST, self._network)
        progress.history.append(measures)
        progress.epoch, progress.batch = progress.epoch + 1, 0
        self._save()

    @torch.inference_mode()
    def _validate(self, samples: PreparedSamples) -> dict[str, float]:
        self._network.eval()
        size = self._config.batch_size
        order = sorted(range(len(samples)), key=samples.size)
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        loss = correct = weight = 0.0
        for batch in self._load(samples, batches):
            moved = batch.to(self._world.device)
            with self._autocast():
                logits = self._network(*moved.inputs)
            losses = functional.cross_entropy(logits.float(), moved.targets, reduction="none")
            loss += float((losses * moved.weights).sum())
            correct += float(((logits.argmax(dim=1) == moved.targets) * moved.weights).sum())
            weight += float(moved.weights.sum())
        return {"loss": loss / weight, "accuracy": correct / weight}

    def _save(self) -> None:
        if self._config.amp == "fp16":
            self.progress.scale = self._scaler.get_scale()
        if self._world.is_first:
            save_checkpoint(self._folder, self.progress, self._network, self._optimiser)
        self._world.wait()

    def export(self) -> None:
        if (self._folder / _BEST).is_file():
            load_weights(self._folder / _BEST, self._network)
        self._recipe.export(self._out)
        shutil.rmtree(self._folder)


def _cut(batch: Batch, parts: int) -> Sequence[Batch]:
    if parts == 1:
        return [batch]
    columns = [tensor.chunk(parts) for tensor in batch.inputs]
    targets, weights = batch.targets.chunk(parts), batch.weights.chunk(parts)
    return [
        Batch(tuple(column[i] for column in columns), targets[i], weights[i])
        for i in range(len(targets))
    ]


def _optimiser(network: nn.Module, config: FinetuneConfig) -> torch.optim.Optimizer:
    """AdamW; the head learns faster, and neither biases nor norms decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            key = (name.startswith("head."), parameter.ndim >= 2)
            groups.setdefault(key, []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "peak": config.head_learning_rate if is_head else config.learning_rate,
                "weight_decay": config.weight_decay if decays else 0.0,
            }
            for (is_head, decays), parameters in groups.items()
        ]
    )


def _run_digest(recipe: Recipe, train: Samples, validation: Samples | None, processes: int) -> str:
    """Return one sha256 for all that shapes the result; schedule of checkpoints excluded."""
    settings = asdict(recipe.config)
    for harmless in ("checkpoint_steps", "loader_processes", "device"):
        del settings[harmless]
    parts = [settings, recipe.source_digest, processes]
    for samples in (train, validation):
        if samples is not None:
            rows = [str(item) for item in samples.inputs]
            weights = None if samples.weights is None else list(samples.weights)
            parts.append([rows, [int(code) for code in samples.codes], weights])
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
