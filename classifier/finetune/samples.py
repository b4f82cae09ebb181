"""Training items and their batches. Everything random is a function of (seed, epoch, item)."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from classifier.data import LabelledProduct
from classifier.encoders import padded
from classifier.encoding import is_readable
from classifier.errors import DataInvalid
from classifier.image import open_rgb, preprocess
from classifier.members.base import Modality
from classifier.text import model_text

Inputs = tuple[Tensor, ...]

_ROOM: Final = 1.15  # side of the padded picture from which a random square is cut
_CHARS_PER_TOKEN: Final = 16


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs (all texts or all picture paths) with their category codes and weights."""

    inputs: Sequence[str] | Sequence[Path]
    codes: Sequence[int]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        same = len(self.inputs) == len(self.codes)
        if not same or (self.weights is not None and len(self.weights) != len(self.codes)):
            raise DataInvalid("Inputs, codes and weights must be equally many.")
        if not self.codes:
            raise DataInvalid("There is nothing to train on.")


@dataclass(frozen=True, slots=True)
class Row:
    """One prepared item: its tensors' source, target index and weight."""

    values: list[int] | Tensor
    target: int
    weight: float


@dataclass(frozen=True, slots=True)
class Batch:
    """inputs: what the network takes; targets (B,) int64; weights (B,) float32."""

    inputs: Inputs
    targets: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        moved = tuple(tensor.to(device, non_blocking=True) for tensor in self.inputs)
        return Batch(moved, self.targets.to(device), self.weights.to(device))


def labelled(
    products: Sequence[LabelledProduct], rows: Sequence[int], modality: Modality
) -> Samples:
    """Return the rows that have the input, texts or readable pictures, with codes and weights."""
    inputs: list[Any] = []
    chosen: list[LabelledProduct] = []
    for row in rows:
        given = products[row].input
        if modality is Modality.TEXT:
            value: str | Path | None = model_text(given.designation, given.description)
        else:
            value = given.image if given.image and is_readable(given.image) else None
        if value:
            inputs.append(value)
            chosen.append(products[row])
    weights = [product.weight for product in chosen]
    has_weights = len(set(weights)) > 1
    return Samples(inputs, [one.code for one in chosen], weights if has_weights else None)


class PreparedSamples(Dataset[Row], ABC):
    """Items as the network takes them; `epoch` selects the augmentation, None switches it off."""

    epoch: int | None = None

    def __init__(self, samples: Samples, labels: Sequence[int], seed: int) -> None:
        unknown = sorted(set(samples.codes) - set(labels))
        if unknown:
            raise DataInvalid(f"Categories {unknown} do not occur in the training part.")
        position = {code: index for index, code in enumerate(labels)}
        self.samples = samples
        self._targets = [position[code] for code in samples.codes]
        self._seed = seed

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> Row:
        weights = self.samples.weights
        return Row(
            self._values(index), self._targets[index], 1.0 if weights is None else weights[index]
        )

    @abstractmethod
    def _values(self, index: int) -> list[int] | Tensor: ...

    def size(self, index: int) -> int:
        """Return a measure of the item's cost; items of like cost share a batch."""
        return 0

    def collate(self, rows: list[Row]) -> Batch:
        """Join items into one batch."""
        targets = torch.tensor([row.target for row in rows])
        return Batch(self._inputs(rows), targets, torch.tensor([row.weight for row in rows]))

    @abstractmethod
    def _inputs(self, rows: list[Row]) -> Inputs: ...


class TextSamples(PreparedSamples):
    """Texts as token ids and mask."""

    def __init__(
        self,
        samples: Samples,
        labels: Sequence[int],
        seed: int,
        tokenizer: Tokenizer,
        prefix: str,
        max_tokens: int,
        pad: int,
    ) -> None:
        super().__init__(samples, labels, seed)
        self._tokenizer, self._prefix, self._pad = tokenizer, prefix, pad
        self._limit = max_tokens * _CHARS_PER_TOKEN
        tokenizer.enable_truncation(max_tokens)

    def _values(self, index: int) -> list[int]:
        text = str(self.samples.inputs[index])[: self._limit]
        ids: list[int] = self._tokenizer.encode(self._prefix + text).ids
        return ids

    def size(self, index: int) -> int:
        return min(len(str(self.samples.inputs[index])), self._limit)

    def _inputs(self, rows: list[Row]) -> Inputs:
        return padded([row.values for row in rows if isinstance(row.values, list)], self._pad)


class ImageSamples(PreparedSamples):
    """Pictures as normalised pixels, mirrored and shifted at random while training."""

    def __init__(
        self,
        samples: Samples,
        labels: Sequence[int],
        seed: int,
        size: int,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__(samples, labels, seed)
        self._size = size
        self._mean = np.array(mean, dtype=np.float32).reshape(3, 1, 1)
        self._std = np.array(std, dtype=np.float32).reshape(3, 1, 1)

    def _values(self, index: int) -> Tensor:
        picture = open_rgb(Path(self.samples.inputs[index]))
        if self.epoch is None:
            pixels = preprocess(picture, self._size)
        else:
            draw = random.Random(f"{self._seed}:{self.epoch}:{index}")  # noqa: S311 - no secret
            large = preprocess(picture, round(self._size * _ROOM))
            spare = large.shape[1] - self._size
            top, left = draw.randint(0, spare), draw.randint(0, spare)
            pixels = large[:, top : top + self._size, left : left + self._size]
            if draw.random() < 0.5:
                pixels = pixels[:, :, ::-1]
        return torch.from_numpy(np.ascontiguousarray((pixels - self._mean) / self._std))

    def _inputs(self, rows: list[Row]) -> Inputs:
        return (torch.stack([row.values for row in rows if isinstance(row.values, Tensor)]),)


def epoch_batches(
    samples: PreparedSamples, batch_size: int, seed: int, epoch: int, rank: int = 0, world: int = 1
) -> list[list[int]]:
    """Return this process's batches of indices for one epoch.

    Every item occurs once over all processes, apart from a few that fill up the last round so
    that all processes take equally many steps. Batches hold items of like size, in random order.
    """
    draw = random.Random(f"{seed}:{epoch}")  # noqa: S311 - no secret
    order = list(range(len(samples)))
    draw.shuffle(order)
    window = 50 * batch_size * world
    for start in range(0, len(order), window):
        part = order[start : start + window]
        order[start : start + window] = sorted(part, key=samples.size)
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    draw.shuffle(batches)
    batches += (world * batches)[: -len(batches) % world]
    return batches[rank::world]
