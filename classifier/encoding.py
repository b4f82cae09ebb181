"""From products to the members' inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from classifier.arrays import AnyArray, Bools, Floats
from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from classifier.members.base import Features, Modality, Source
from classifier.text import model_text
from classifier.types import Absence, ProductInput

if TYPE_CHECKING:
    from classifier.cache import FeatureCache

Vectors = npt.NDArray[np.float32]  # (N, D)
Progress = Callable[[int, int], None]
Stages = Callable[[str, int, int], None]  # hears (stage, done, total)


class TextEncoding(Protocol):
    """What is asked of a text encoder; `classifier.encoders.TextEncoder` is one."""

    name: str
    digest: str
    dim: int

    def encode(
        self, items: Sequence[str], /, batch_size: int = 8, on_progress: Progress | None = None
    ) -> Vectors: ...


class ImageEncoding(Protocol):
    """What is asked of an image encoder; `classifier.encoders.ImageEncoder` is one."""

    name: str
    digest: str
    dim: int

    def encode(
        self, items: Sequence[Path], /, batch_size: int = 8, on_progress: Progress | None = None
    ) -> Vectors: ...

    def try_encode(
        self, paths: Sequence[Path], /, batch_size: int = 8
    ) -> tuple[Vectors, list[bool]]: ...


@dataclass(frozen=True)
class Encoders:
    """The encoders of one model; None where the model does without."""

    text: TextEncoding | None = None
    image: ImageEncoding | None = None


@dataclass(frozen=True)
class Encoded:
    """Features of N products, and what could not be had.

    absence: per modality and row why it is missing, or None
    milliseconds: per source each row's share of the encoding time (N,)
    """

    features: Features
    absence: dict[Modality, list[Absence | None]]
    milliseconds: dict[Source, Floats] = field(default_factory=dict)


def encode_products(
    products: Sequence[ProductInput],
    encoders: Encoders,
    cache: FeatureCache | None = None,
    on_progress: Stages | None = None,
) -> Encoded:
    """Return the inputs of all members for `products`.

    Equal texts and equal picture paths are encoded once. An unreadable picture never raises: its
    row has none, with Absence.UNREADABLE_IMAGE. With `cache`, a killed run resumes.
    """
    report = on_progress or _silent
    texts = [model_text(product.designation, product.description) for product in products]
    has_text = np.array([bool(text) for text in texts], dtype=np.bool_)
    values: dict[Source, AnyArray | Sequence[str]] = {Source.TEXT: texts}
    times: dict[Source, Floats] = {}
    if encoders.text is not None:
        started = time.perf_counter()
        vectors = _encode_texts(encoders.text, texts, has_text, cache, report)
        values[Source.TEXT_VECTORS] = vectors
        times[Source.TEXT_VECTORS] = _shares(started, has_text)
    has_image = np.zeros(len(products), dtype=np.bool_)
    if encoders.image is not None:
        started = time.perf_counter()
        paths = [product.image for product in products]
        pictures, has_image = _encode_images(encoders.image, paths, cache, report)
        values[Source.IMAGE_VECTORS] = pictures
        times[Source.IMAGE_VECTORS] = _shares(started, has_image)
    absence = {
        Modality.TEXT: [None if known else Absence.NO_TEXT for known in has_text],
        Modality.IMAGE: [
            _image_absence(product, bool(known))
            for product, known in zip(products, has_image, strict=True)
        ],
    }
    masks = {Modality.TEXT: has_text, Modality.IMAGE: has_image}
    return Encoded(Features(values, masks), absence, times)


def _image_absence(product: ProductInput, is_known: bool) -> Absence | None:
    if is_known:
        return None
    return Absence.NO_IMAGE if product.image is None else Absence.UNREADABLE_IMAGE


def _encode_texts(
    encoder: TextEncoding,
    texts: Sequence[str],
    has_text: Bools,
    cache: FeatureCache | None,
    report: Stages,
) -> Vectors:
    distinct = list(dict.fromkeys(text for text in texts if text))
    vectors = np.zeros((len(texts), encoder.dim), dtype=np.float32)
    if not distinct:
        return vectors

    def progress(done: int, total: int) -> None:
        report("texts", done, total)

    if cache is None:
        encoded = encoder.encode(distinct, on_progress=progress)
    else:
        from classifier.cache import encode_cached

        encoded = encode_cached(encoder, distinct, cache, progress)
    place = {text: index for index, text in enumerate(distinct)}
    vectors[has_text] = encoded[[place[text] for text in texts if text]]
    return vectors


def _encode_images(
    encoder: ImageEncoding,
    paths: Sequence[Path | None],
    cache: FeatureCache | None,
    report: Stages,
) -> tuple[Vectors, Bools]:
    distinct = list(dict.fromkeys(path for path in paths if path is not None))
    vectors = np.zeros((len(paths), encoder.dim), dtype=np.float32)
    known = np.zeros(len(paths), dtype=np.bool_)
    if not distinct:
        return vectors, known
    if cache is None:
        encoded, readable = encoder.try_encode(distinct)
    else:
        encoded, readable = _cached_images(encoder, distinct, cache, report)
    place = {path: index for index, path in enumerate(distinct)}
    for row, path in enumerate(paths):
        if path is not None and readable[place[path]]:
            vectors[row], known[row] = encoded[place[path]], True
    return vectors, known


def _cached_images(
    encoder: ImageEncoding, paths: Sequence[Path], cache: FeatureCache, report: Stages
) -> tuple[Vectors, list[bool]]:
    from classifier.cache import encode_cached

    def progress(done: int, total: int) -> None:
        report("images", done, total)

    try:
        return encode_cached(encoder, paths, cache, progress), [True] * len(paths)
    except (InputUnreadable, OSError):
        # Rare: look at each picture once, then go on with the readable ones.
        readable = [is_readable(path) for path in paths]
    good = [path for path, ok in zip(paths, readable, strict=True) if ok]
    vectors = np.zeros((len(paths), encoder.dim), dtype=np.float32)
    vectors[np.array(readable)] = encode_cached(encoder, good, cache, progress)
    return vectors, readable


def is_readable(path: Path) -> bool:
    """Return whether the file is a picture that a model can see."""
    try:
        open_rgb(path)
    except InputUnreadable:
        return False
    return True


def _shares(started: float, known: Bools) -> Floats:
    elapsed = (time.perf_counter() - started) * 1000
    return np.where(known, elapsed / max(int(known.sum()), 1), 0.0)


def _silent(stage: str, done: int, total: int) -> None:
    """Hear of progress and say nothing."""
