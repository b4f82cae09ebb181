"""Backbone plus head, and writing both to a backbone directory.

The head reads exactly the features that the encoders return, so it can be applied to cached
features later: logits = features @ weight.T + bias.
"""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from classifier.backbones.directory import (
    MANIFEST,
    digest_directory,
    read_json,
    write_directory,
    write_json,
)
from classifier.backbones.huggingface import load_text_model, load_tokenizer, longest_input
from classifier.backbones.networks import load_features_network, save_features_network
from classifier.encoders import mean_pool
from classifier.errors import ArtifactInvalid
from classifier.finetune.config import FinetuneConfig
from classifier.finetune.samples import ImageSamples, PreparedSamples, Samples, TextSamples

HEAD: Final = "head.safetensors"
HEAD_LABELS: Final = "head.json"
_TEXT_FILES: Final = ("tokenizer.json", "tokenizer_config.json", "backbone.json")

# Features have length 1: their logits are scaled, or it would take the head many steps to say
# anything with confidence. The exported weight includes the scale.
_SCALE: Final = 16.0


class Classifier(nn.Module, ABC):
    """A backbone and a linear head over its L2-normalised features."""

    def __init__(self, backbone: nn.Module, features: int, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(features, classes)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    @abstractmethod
    def features(self, *inputs: Tensor) -> Tensor: ...

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits (B, K)."""
        features = functional.normalize(self.features(*inputs).float(), dim=1)
        logits: Tensor = self.head(_SCALE * features)
        return logits


class TextClassifier(Classifier):
    def features(self, *inputs: Tensor) -> Tensor:
        """inputs: ids and mask (B, L); returns (B, D)."""
        ids, mask = inputs
        return mean_pool(self.backbone(input_ids=ids, attention_mask=mask).last_hidden_state, mask)


class ImageClassifier(Classifier):
    def features(self, *inputs: Tensor) -> Tensor:
        """inputs: pixels (B, 3, S, S); returns (B, D)."""
        features: Tensor = self.backbone(inputs[0]).flatten(1)
        return features


class Recipe(ABC):
    """What differs between text and image: network, items and export."""

    def __init__(self, directory: Path, labels: Sequence[int], config: FinetuneConfig) -> None:
        self.directory, self.labels, self.config = directory, list(labels), config
        self.source_digest = digest_directory(directory)
        torch.manual_seed(config.seed)  # for the head's start
        self.network = self._build()

    @abstractmethod
    def _build(self) -> Classifier: ...

    @abstractmethod
    def prepare(self, samples: Samples) -> PreparedSamples:
        """Return the items as the network takes them."""

    def export(self, out: Path) -> None:
        """Write backbone and head as one directory with a manifest."""

        def fill(part: Path) -> None:
            self._export_backbone(part)
            head = self.network.head
            weight, bias = _SCALE * head.weight.detach().cpu(), head.bias.detach().cpu()
            tensors = {"weight": weight, "bias": bias}
            save_file(tensors, part / HEAD)
            write_json(part / HEAD_LABELS, {"labels": self.labels})

        write_directory(out, fill)

    @abstractmethod
    def _export_backbone(self, part: Path) -> None: ...


class TextRecipe(Recipe):
    def _build(self) -> Classifier:
        self._tokenizer = load_tokenizer(self.directory)
        settings = self.directory / "backbone.json"
        self._prefix = str(read_json(settings).get("prefix", "")) if settings.is_file() else ""
        model = load_text_model(self.directory)
        shape: Any = model.config
        if self.config.max_tokens > longest_input(shape):
            raise ArtifactInvalid(f"The model reads at most {longest_input(shape)} tokens.")
        self._pad = int(shape.pad_token_id or 0)
        return TextClassifier(model, int(shape.hidden_size), len(self.labels))

    def prepare(self, samples: Samples) -> PreparedSamples:
        return TextSamples(
            samples,
            self.labels,
            self.config.seed,
            self._tokenizer,
            self._prefix,
            self.config.max_tokens,
            self._pad,
        )

    def _export_backbone(self, part: Path) -> None:
        from transformers.utils import logging

        logging.disable_progress_bar()
        model: Any = self.network.backbone
        model.save_pretrained(part)
        for name in _TEXT_FILES:
            if (self.directory / name).is_file():
                shutil.copyfile(self.directory / name, part / name)
        if not (part / "tokenizer.json").is_file():
            self._tokenizer.no_truncation()
            self._tokenizer.save(str(part / "tokenizer.json"))


class ImageRecipe(Recipe):
    def _build(self) -> Classifier:
        self._image, network = load_features_network(self.directory)
        side = self._image.size
        with torch.inference_mode():
            features = network(torch.zeros(1, 3, side, side)).flatten(1).shape[1]
        return ImageClassifier(network, features, len(self.labels))

    def prepare(self, samples: Samples) -> PreparedSamples:
        image = self._image
        return ImageSamples(
            samples, self.labels, self.config.seed, image.size, image.mean, image.std
        )

    def _export_backbone(self, part: Path) -> None:
        save_features_network(part, self._image, self.network.backbone.cpu())


def load_head(
    directory: Path,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], list[int]]:
    """Return weight (K, D), bias (K,) and the K category codes of a fine-tuned directory.

    Raises ArtifactInvalid for a directory without a manifest or without a head.
    """
    if not (directory / MANIFEST).is_file():
        raise ArtifactInvalid(f"{directory / MANIFEST}: missing; give a fine-tuned directory.")
    digest_directory(directory)
    if not (directory / HEAD).is_file():
        raise ArtifactInvalid(f"{directory / HEAD}: missing; this backbone was not fine-tuned.")
    tensors = load_file(directory / HEAD)
    labels = [int(code) for code in read_json(directory / HEAD_LABELS)["labels"]]
    return tensors["weight"], tensors["bias"], labels
