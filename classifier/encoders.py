"""Frozen backbones as functions from texts and pictures to feature vectors.

The caller decides the number of threads (`torch.set_num_threads`). On CPU one thread per process
and batches of 8 are fastest: longer batches only pad more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from classifier.backbones.directory import digest_directory, read_json
from classifier.backbones.huggingface import load_text_model, load_tokenizer, longest_input
from classifier.backbones.networks import ImageConfig, load_features_network
from classifier.errors import ArtifactInvalid, InputUnreadable
from classifier.image import open_rgb, preprocess
from classifier.precision import Precision, convert, default_precision, fold_batch_norms

__all__ = ["ImageEncoder", "Precision", "TextEncoder", "default_precision"]

Features = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

BATCH_SIZE: Final = 8

# Raised when cleaning or preprocessing changes what a network sees, so that cached features of
# the old kind are not mistaken for the new.
_TEXT_VERSION: Final = 1
_IMAGE_VERSION: Final = 1

# A token is rarely longer; what lies beyond cannot reach the network and need not be tokenised.
_CHARS_PER_TOKEN: Final = 16
_TOKENISE_AT_ONCE: Final = 512


Item = TypeVar("Item", contravariant=True)


class Encoder(Protocol[Item]):
    """What the cache and the members ask of an encoder.

    digest: sha256 of weights, preprocessing and precision: equal digests give equal features
    """

    name: str
    digest: str
    dim: int

    def encode(
        self,
        items: Sequence[Item],
        /,
        batch_size: int = BATCH_SIZE,
        on_progress: Progress | None = None,
    ) -> Features:
        """Return L2-normalised features (N, dim) in the order of `items`."""


class TextEncoder:
    """A Hugging Face encoder, mean-pooled over the text's tokens."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Tokenizer,
        settings: dict[str, Any],
        weights_digest: str,
        precision: Precision = "fp32",
        max_tokens: int = 96,
    ) -> None:
        config: Any = model.config
        limit = longest_input(config)
        if max_tokens > limit:
            raise ArtifactInvalid(f"The model reads at most {limit} tokens, not {max_tokens}.")
        self.name = str(settings.get("name", config.model_type))
        self.dim = int(config.hidden_size)
        self.weights_digest = weights_digest
        self._prefix = str(settings.get("prefix", ""))
        self._max_tokens = max_tokens
        self._pad = int(config.pad_token_id or 0)
        self._tokenizer = tokenizer
        self._tokenizer.enable_truncation(max_tokens)
        self._model = convert(model, precision)
        self.digest = _digest(
            weights_digest, "text", _TEXT_VERSION, self._prefix, max_tokens, precision
        )

    @classmethod
    def load(
        cls, directory: Path, precision: Precision = "fp32", max_tokens: int = 96
    ) -> TextEncoder:
        """Load a text backbone's directory after checking its sha256 manifest.

        Raises ArtifactInvalid, naming the file, for a damaged or unfitting directory.
        """
        weights_digest = digest_directory(directory)
        path = directory / "backbone.json"
        settings = read_json(path) if path.is_file() else {"name": directory.name}
        model, tokenizer = load_text_model(directory), load_tokenizer(directory)
        return cls(model, tokenizer, settings, weights_digest, precision, max_tokens)

    def encode(
        self,
        texts: Sequence[str],
        batch_size: int = BATCH_SIZE,
        on_progress: Progress | None = None,
    ) -> Features:
        """Return L2-normalised features (N, dim), float32, in the order of `texts`.

        Texts of like length share a batch. Time per text is bounded whatever its length.
        """
        tokens = self._tokenise(texts)
        order = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        features = np.empty((len(texts), self.dim), dtype=np.float32)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            features[chosen] = self._forward([tokens[index] for index in chosen])
            if on_progress is not None:
                on_progress(start + len(chosen), len(order))
        return _checked(features, self.name)

    def _tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        limit = self._max_tokens * _CHARS_PER_TOKEN
        cut = [self._prefix + text[:limit] for text in texts]
        tokens: list[list[int]] = []
        for start in range(0, len(cut), _TOKENISE_AT_ONCE):
            encoded = self._tokenizer.encode_batch(cut[start : start + _TOKENISE_AT_ONCE])
            tokens.extend(encoding.ids for encoding in encoded)
        return tokens

    @torch.inference_mode()
    def _forward(self, tokens: list[list[int]]) -> Features:
        ids, mask = padded(tokens, self._pad)
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        return functional.normalize(mean_pool(hidden.float(), mask), dim=1).numpy()


class ImageEncoder:
    """A torchvision network that ends in its pooled features."""

    def __init__(
        self,
        network: nn.Module,
        config: ImageConfig,
        weights_digest: str,
        precision: Precision = "fp32",
    ) -> None:
        self.name = config.architecture
        self.weights_digest = weights_digest
        self._size = config.size
        self._dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._mean = torch.tensor(config.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(config.std).view(1, 3, 1, 1)
        network = convert(fold_batch_norms(network), precision)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.dim = self._forward([np.zeros((3, self._size, self._size), np.float32)]).shape[1]
        self.digest = _digest(
            weights_digest,
            "image",
            _IMAGE_VERSION,
            config.size,
            *config.mean,
            *config.std,
            precision,
        )

    @classmethod
    def load(cls, directory: Path, precision: Precision = "fp32") -> ImageEncoder:
        """Load an image backbone's directory after checking its sha256 manifest.

        Raises ArtifactInvalid, naming the file, for a damaged or unfitting directory.
        """
        weights_digest = digest_directory(directory)
        config, network = load_features_network(directory)
        return cls(network, config, weights_digest, precision)

    def encode(
        self,
        images: Sequence[Image.Image | Path],
        batch_size: int = BATCH_SIZE,
        on_progress: Progress | None = None,
    ) -> Features:
        """Return L2-normalised features (N, dim), float32, in the order of `images`.

        Raises InputUnreadable, naming the file, at the first path that is no picture.
        """
        features = np.empty((len(images), self.dim), dtype=np.float32)
        for start in range(0, len(images), batch_size):
            chosen = images[start : start + batch_size]
            features[start : start + len(chosen)] = self._forward(
                [self._prepare(i) for i in chosen]
            )
            if on_progress is not None:
                on_progress(start + len(chosen), len(images))
        return _checked(features, self.name)

    def try_encode(
        self, paths: Sequence[Path], batch_size: int = BATCH_SIZE
    ) -> tuple[Features, list[bool]]:
        """Like `encode`, but mark unreadable pictures instead of raising.

        Returns features, whose rows are zero where a picture is unreadable, and whether each
        picture was readable.
        """
        features = np.zeros((len(paths), self.dim), dtype=np.float32)
        readable = [False] * len(paths)
        for start in range(0, len(paths), batch_size):
            rows, prepared = [], []
            for index in range(start, min(start + batch_size, len(paths))):
                try:
                    prepared.append(self._prepare(paths[index]))
                except InputUnreadable:
                    continue
                rows.append(index)
                readable[index] = True
            if rows:
                features[rows] = self._forward(prepared)
        return _checked(features, self.name), readable

    def _prepare(self, image: Image.Image | Path) -> Features:
        picture = open_rgb(image) if isinstance(image, Path) else image.convert("RGB")
        return preprocess(picture, self._size)

    @torch.inference_mode()
    def _forward(self, pictures: list[Features]) -> Features:
        pixels = torch.from_numpy(np.stack(pictures))
        pixels = ((pixels - self._mean) / self._std).to(self._dtype)
        output = self._network(pixels.contiguous(memory_format=torch.channels_last))
        return functional.normalize(output.float().flatten(1), dim=1).numpy()


def padded(tokens: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Return token ids and mask, both int64 (B, L), padded to the longest of the batch."""
    longest = max(map(len, tokens))
    ids = torch.full((len(tokens), longest), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, values in enumerate(tokens):
        ids[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
    return ids, mask


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average hidden states (B, L, D) over the tokens that `mask` (B, L) marks; (B, D)."""
    seen = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * seen).sum(dim=1) / seen.sum(dim=1).clamp_min(1.0)


def _digest(*parts: str | float) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _checked(features: Features, name: str) -> Features:
    if not np.isfinite(features).all():
        raise ArtifactInvalid(f"{name}: gives values that are not finite; its weights are damaged.")
    return features
