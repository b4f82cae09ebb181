"""Features kept on disk, so that a killed run goes on where it stopped.

A cache is a directory of shards, one folder per encoder digest. A shard is two files: `<n>.npy`
with the features (rows, D) and `<n>.json` with the sha256 of each row's input and of the
`.npy` file. Shards are only ever added. The `.json` is written last and under its final name
only when complete, so a shard exists whole or not at all; one that was damaged later is left out
and its rows are computed again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from classifier.errors import InputUnreadable

if TYPE_CHECKING:
    from classifier.encoders import Encoder, Item

__all__ = ["FeatureCache", "encode_cached", "input_key"]

Features = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]

SHARD_ROWS: Final = 256
"""Rows computed between two writes: at most this much work is lost by a kill."""

logger = logging.getLogger(__name__)


class FeatureCache:
    """Feature vectors by (encoder digest, input's sha256). Safe for several processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._rows: dict[str, dict[str, Features]] = {}

    def get(self, digest: str, key: str) -> Features | None:
        """Return the vector (D,) of one input, or None when it is not known."""
        return self._known(digest).get(key)

    def put(self, digest: str, keys: Sequence[str], features: Features) -> None:
        """Store the vectors (N, D) of N inputs as one shard, durably."""
        folder = self._directory / digest
        folder.mkdir(parents=True, exist_ok=True)
        stem = uuid.uuid4().hex
        array = folder / f"{stem}.npy"
        with array.open("xb") as file:
            np.save(file, np.ascontiguousarray(features, dtype=np.float32), allow_pickle=False)
            _flush(file.fileno(), file.flush)
        index = {"keys": list(keys), "sha256": _sha256(array.read_bytes())}
        part = folder / f"{stem}.part"
        with part.open("x", encoding="utf-8") as text:
            json.dump(index, text)
            _flush(text.fileno(), text.flush)
        part.rename(folder / f"{stem}.json")
        self._known(digest).update(zip(keys, features, strict=True))

    def _known(self, digest: str) -> dict[str, Features]:
        if digest not in self._rows:
            rows: dict[str, Features] = {}
            for keys, features in _shards(self._directory / digest):
                rows.update(zip(keys, features, strict=True))
            self._rows[digest] = rows
        return self._rows[digest]


def encode_cached(
    encoder: Encoder[Item],
    items: Sequence[Item],
    cache: FeatureCache,
    on_progress: Progress | None = None,
) -> Features:
    """Return `encoder.encode(items)`, computing only what the cache lacks; (N, D) float32.

    Equal items are computed once. Results are stored as they come, so that a killed run resumes.
    """
    keys = [input_key(item) for item in items]
    waiting = {
        key: item
        for key, item in zip(keys, items, strict=True)
        if cache.get(encoder.digest, key) is None
    }
    done = len(set(keys)) - len(waiting)
    total = done + len(waiting)
    if on_progress is not None:
        on_progress(done, total)
    pending = list(waiting.items())
    for start in range(0, len(pending), SHARD_ROWS):
        shard = pending[start : start + SHARD_ROWS]

        def report(within: int, _: int, before: int = done + start) -> None:
            if on_progress is not None:
                on_progress(before + within, total)

        features = encoder.encode([item for _, item in shard], on_progress=report)
        cache.put(encoder.digest, [key for key, _ in shard], features)
    result = np.empty((len(items), encoder.dim), dtype=np.float32)
    for row, key in enumerate(keys):
        result[row] = cache.get(encoder.digest, key)
    return result


def input_key(item: object) -> str:
    """Return the sha256 of a text, of a file's content, or of a picture's pixels.

    Raises InputUnreadable, naming the path, for a file that cannot be read.
    """
    if isinstance(item, str):
        return _sha256(item.encode("utf-8", "surrogatepass"))
    if isinstance(item, Path):
        try:
            with item.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise InputUnreadable(f"{item}: cannot be read ({error}).") from error
    if isinstance(item, Image.Image):
        head = f"{item.mode} {item.size}".encode()
        return _sha256(head + item.convert("RGBA").tobytes())
    raise TypeError(f"No content key for {type(item).__name__}.")


def _shards(folder: Path) -> Iterator[tuple[list[str], Features]]:
    for index in sorted(folder.glob("*.json")):
        array = index.with_suffix(".npy")
        try:
            listed = json.loads(index.read_text(encoding="utf-8"))
            raw = array.read_bytes()
            if _sha256(raw) != listed["sha256"]:
                raise ValueError("its sha256 differs")
            features = np.load(array, allow_pickle=False)
            if len(features) != len(listed["keys"]):
                raise ValueError("its rows and keys differ in number")
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s: left out, to be computed again: %s", array, error)
            continue
        yield listed["keys"], features


def _flush(descriptor: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(descriptor)


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
