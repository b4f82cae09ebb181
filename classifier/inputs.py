"""What the products of a training looked like, for telling later whether arriving ones have changed.

Small enough for JSON: columns of numbers, counts of words, and the embeddings' mean and covariance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PIL import ImageStat

from classifier.arrays import Bools, Ints
from classifier.data import Dataset, LabelledProduct
from classifier.embedding import Embedder, project
from classifier.encoding import Encoded
from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from classifier.text import clean_text

PRODUCTS: Final = 2000
"""Most products that are looked at; tests gain little from more."""
_THUMBNAIL: Final = 256  # pixels; means are of small pictures, as those of arriving ones


def training_inputs(
    dataset: Dataset, encoded: Encoded, is_fresh: Bools, *, embedder_seed: str, seed: int
) -> dict[str, Any]:
    """Return what PRODUCTS products of the data set, drawn by their weights, looked like.

    is_fresh: (N,) whose embeddings count: not those that a fine-tuned network has learned
    embedder_seed: of the Embedder that the model will use

    title_length, description_length: characters of cleaned texts that are not empty; brightness:
    mean grey of readable pictures, 0..1; language: left out where the table does not tell
    """
    rows = _drawn(dataset, seed)
    products = [dataset[int(row)] for row in rows]
    titles = [len(clean_text(one.input.designation)) for one in products]
    descriptions = [len(clean_text(one.input.description)) for one in products]
    return {
        "embedder_seed": embedder_seed,
        "products": len(products),
        "numbers": {
            "title_length": titles,
            "description_length": [length for length in descriptions if length],
            "brightness": [round(one, 4) for one in map(_brightness, products) if one is not None],
        },
        "counts": {
            "description": Counter("present" if length else "missing" for length in descriptions),
            **_languages(products),
        },
        "cloud": _cloud(encoded, rows[is_fresh[rows]], embedder_seed),
    }


def _drawn(dataset: Dataset, seed: int) -> Ints:
    """Return the rows, ascending; a product stands there as often as its weight asks.

    As many as their weights are worth (Kish 1965), drawn systematically: of equal weights no
    product comes twice, and of all products each comes once.
    """
    weights = np.array([product.weight for product in dataset])
    worth = weights.sum() ** 2 / np.square(weights).sum()
    size = max(1, min(PRODUCTS, round(worth)))
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(dataset))
    reach = np.cumsum(weights[order])
    steps = (np.arange(size) + generator.random()) * (reach[-1] / size)
    # Rounding may leave the last step beyond the last product.
    found = np.minimum(np.searchsorted(reach, steps, side="right"), len(dataset) - 1)
    return np.asarray(np.sort(order[found]), dtype=np.int64)


def _languages(products: Sequence[LabelledProduct]) -> dict[str, Counter[str]]:
    known = [one.language for one in products if one.language is not None]
    return {"language": Counter(one or "unknown" for one in known)} if known else {}


def _brightness(product: LabelledProduct) -> float | None:
    if product.input.image is None:
        return None
    try:
        picture = open_rgb(product.input.image)
    except InputUnreadable:
        return None
    picture.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return ImageStat.Stat(picture.convert("L")).mean[0] / 255


def _cloud(encoded: Encoded, rows: Ints, embedder_seed: str) -> dict[str, Any] | None:
    """Return number, mean (PROJECTIONS,) and covariance of the projected embeddings; None of few."""
    own = Encoded(encoded.features.select(rows), {})
    vectors, is_known = Embedder(embedder_seed).embed(own)
    known = vectors[is_known].astype(np.float64)
    if len(known) < 2:
        return None
    projected = project(known)
    return {
        "size": len(known),
        "mean": projected.mean(axis=0).tolist(),
        "covariance": np.cov(projected, rowvar=False).tolist(),
    }
