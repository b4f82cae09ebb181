"""One short unit vector per product, for finding what looks and reads alike.

Text and picture are each scaled to length one, laid onto half of the dimensions by a random
projection, and scaled again; the two halves together are scaled to length one. A missing part is
zeros, so that the cosine of two products weighs text and picture equally, and one without a
picture is compared by its text.

Method: Johnson & Lindenstrauss, "Extensions of Lipschitz mappings into a Hilbert space", 1984:
such projections keep angles up to an error that shrinks with the number of dimensions. The rows
are orthonormal (QR of a Gaussian matrix), which errs less than independent ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifier.arrays import Bools
from classifier.encoding import Encoded
from classifier.members.base import Modality, Source

DIMENSIONS: Final = 256
_HALF: Final = DIMENSIONS // 2
_PARTS: Final = ((Source.TEXT_VECTORS, Modality.TEXT), (Source.IMAGE_VECTORS, Modality.IMAGE))

PROJECTIONS: Final = 32
"""Directions in which a cloud of embeddings is compared with another one."""

Vectors = npt.NDArray[np.float32]  # (N, D)


def seed_of(digests: Iterable[str]) -> str:
    """Return the Embedder's seed for a model with these encoders, known before the artifact is."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def project(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return embeddings (N, D) in PROJECTIONS fixed random directions, which keep distances nearly.

    Source: W. Johnson, J. Lindenstrauss, Contemporary Mathematics 26, 1984.
    """
    directions = np.random.default_rng(0).standard_normal((vectors.shape[1], PROJECTIONS))
    return np.asarray(vectors @ directions / np.sqrt(PROJECTIONS))


class Embedder:
    """Projections drawn once for a model: the same artifact always gives the same vectors.

    seed: hexadecimal; `seed_of` the encoders, or the artifact's digest for models made before
    """

    def __init__(self, seed: str) -> None:
        self._seed = int(seed, 16)
        self._projections: dict[Source, Vectors] = {}

    def embed(self, encoded: Encoded) -> tuple[Vectors, Bools]:
        """Return unit vectors (N, DIMENSIONS), and which rows have one (N,)."""
        features = encoded.features
        vectors = np.zeros((len(features), DIMENSIONS), dtype=np.float32)
        for place, (source, modality) in enumerate(_PARTS):
            if source in features.values:
                known = features.available[modality]
                part = _unit(np.asarray(features.values[source], dtype=np.float32))
                half = _unit(part @ self._projection(source, part.shape[1]))
                vectors[known, place * _HALF : (place + 1) * _HALF] = half[known]
        known_at_all: Bools = np.any(vectors != 0, axis=1)
        return _unit(vectors), known_at_all

    def _projection(self, source: Source, size: int) -> Vectors:
        """Return the matrix (size, _HALF) of one source."""
        if source not in self._projections:
            place = [one for one, _modality in _PARTS].index(source)
            draw = np.random.default_rng([self._seed, place])
            self._projections[source] = _orthonormal(draw, size)
        return self._projections[source]


def _orthonormal(draw: np.random.Generator, size: int) -> Vectors:
    gaussian = draw.normal(size=(max(size, _HALF), _HALF))
    columns = np.linalg.qr(gaussian)[0]
    # A source with fewer dimensions than the half keeps all of them, in its first rows' span.
    return np.ascontiguousarray(columns[:size], dtype=np.float32)


def _unit(vectors: npt.NDArray[Any]) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return unit
