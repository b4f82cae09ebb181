"""What moved FUSION: leave a word or a patch of the picture out, and see how its answer changes.

Needs no gradients, so it holds for frozen encoders, heads and fusion alike, word models included.

Pictures: patches of a 7x7 grid turned grey one by one, after Zeiler & Fergus, "Visualizing and
Understanding Convolutional Networks", 2014. Words: left out one by one, after the leave-out
explanations discussed in Ribeiro, Singh & Guestrin, "Why Should I Trust You?", 2016. Evidence is
measured as the difference in log-odds, after Robnik-Šikonja & Kononenko, "Explaining
Classifications For Individual Instances", 2008: unlike a difference in probability it does not
vanish where the model is sure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from classifier.arrays import Floats
from classifier.encoding import Encoders, encode_products
from classifier.ensemble import Ensemble
from classifier.errors import InputUnreadable
from classifier.image import border_box, open_rgb
from classifier.text import model_text
from classifier.types import Attribution, Member, ProductInput

PIECES: Final = 64
"""At most this many groups of words; of a longer text, neighbouring words are left out together."""
GRID: Final = 7
_SIDE: Final = 280  # longer side of the pictures that are encoded; the networks see less
_GREY: Final = (128, 128, 128)
_LEAST = 1e-6


def explain(product: ProductInput, encoders: Encoders, ensemble: Ensemble) -> Attribution | None:
    """Return the evidence for FUSION's first category, or None when FUSION has no answer.

    Costs at most 1 + PIECES texts and 2 + GRID * GRID pictures to encode.
    """
    text = model_text(product.designation, product.description)
    whole = replace(product, designation=text, description="")
    pieces = split(text)
    shorter = [
        replace(whole, designation=" ".join([*pieces[:i], *pieces[i + 1 :]]))
        for i in range(len(pieces))
    ]
    with tempfile.TemporaryDirectory() as folder:
        box, pictures = _patched(product.image, Path(folder), encoders)
        patched = [replace(whole, image=path) for path in pictures]
        encoded = encode_products([whole, *shorter, *patched], encoders)
    outcome = ensemble.predict(encoded.features)[Member.FUSION]
    if not outcome.known[0]:
        return None
    best = int(np.argmax(outcome.log_proba[0]))
    odds = _log_odds(outcome.log_proba[:, best])
    words = odds[0] - odds[1 : 1 + len(pieces)]
    # Compared with the same picture, made small but whole.
    patches = odds[1 + len(pieces)] - odds[2 + len(pieces) :] if pictures else np.zeros(0)
    return Attribution(
        code=ensemble.labels[best],
        confidence=float(np.exp(outcome.log_proba[0, best])),
        words=tuple(zip(pieces, words.tolist(), strict=True)),
        patches=tuple(patches.tolist()),
        box=box,
    )


def split(text: str) -> list[str]:
    """Return the words of `text` in order, in at most PIECES groups of neighbours."""
    words = text.split()
    size = max(1, -(-len(words) // PIECES))
    return [" ".join(words[start : start + size]) for start in range(0, len(words), size)]


def _patched(
    image: Path | None, folder: Path, encoders: Encoders
) -> tuple[tuple[float, float, float, float], list[Path]]:
    """Write the picture small, then once per patch with the patch grey.

    Returns what part of the picture the grid covers, as shares (left, top, right, bottom), and the
    files; no files when there is nothing to see. The border is cut away first, as the encoders do.
    """
    nowhere = (0.0, 0.0, 0.0, 0.0)
    if image is None or encoders.image is None:
        return nowhere, []
    try:
        picture = open_rgb(image)
    except InputUnreadable:
        return nowhere, []
    left, top, right, bottom = border_box(picture)
    small = picture.crop((left, top, right, bottom))
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    width, height = picture.size
    box = (left / width, top / height, right / width, bottom / height)
    boxes: Sequence[tuple[int, int, int, int] | None] = [None, *_grid(small.size)]
    return box, [_save(small, one, folder / f"{i}.png") for i, one in enumerate(boxes)]


def _grid(size: tuple[int, int]) -> list[tuple[int, int, int, int]]:
    """Return the patches' boxes, row by row."""
    xs, ys = (np.linspace(0, side, GRID + 1).round().astype(int).tolist() for side in size)
    return [
        (xs[column], ys[row], xs[column + 1], ys[row + 1])
        for row in range(GRID)
        for column in range(GRID)
    ]


def _save(picture: Image.Image, grey: tuple[int, int, int, int] | None, path: Path) -> Path:
    shown = picture.copy()
    if grey is not None:
        shown.paste(_GREY, grey)
    shown.save(path, compress_level=1)
    return path


def _log_odds(log_proba: Floats) -> Floats:
    chance = np.clip(np.exp(log_proba), _LEAST, 1 - _LEAST)
    result: Floats = np.log(chance / (1 - chance))
    return result
