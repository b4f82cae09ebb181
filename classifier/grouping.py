"""Groups of products that must stay together, and splits that keep them together.

Two listings with the same title or the same picture are the same thing to a model. Divided
between training and test they turn memory into accuracy, so they share a group.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from classifier.errors import DataInvalid, InputUnreadable
from classifier.image import crop_border, open_rgb
from classifier.text import clean_text

_NOT_A_WORD: Final = re.compile(r"[\W_]+")
_FLAT: Final = 8  # grey levels; below this contrast every blank picture would look alike


def title_key(designation: str) -> str | None:
    """Return the title without case, accents and punctuation, or None when nothing is left."""
    decomposed = unicodedata.normalize("NFKD", clean_text(designation).casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _NOT_A_WORD.sub(" ", bare).strip() or None


def difference_hash(picture: Image.Image) -> int | None:
    """Return the 64-bit difference hash of the picture, or None for a flat one.

    Each bit says whether a cell of an 8x8 grid is brighter than its right neighbour, so scaling,
    recompression and a uniform border leave it unchanged (N. Krawetz, "Kind of like that", 2013).
    """
    small = crop_border(picture, margin=0).convert("L").resize((9, 8), Image.Resampling.BOX)
    cells = np.asarray(small, dtype=np.int16)
    if int(cells.max()) - int(cells.min()) < _FLAT:
        return None
    bits = (cells[:, :-1] > cells[:, 1:]).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def group_key(designation: str, image: Path | None, identity: str = "") -> tuple[str, ...]:
    """Return what ties a product to others: identity, normalised title, picture hash.

    An unreadable picture ties to nothing: the product is still one, its picture is just poison.
    """
    keys = [f"id:{identity}"] if identity else []
    if (title := title_key(designation)) is not None:
        keys.append(f"title:{title}")
    if image is not None:
        try:
            fingerprint = difference_hash(open_rgb(image))
        except InputUnreadable:
            fingerprint = None
        if fingerprint is not None:
            keys.append(f"image:{fingerprint:016x}")
    return tuple(keys)


def group_products(keys: Sequence[Iterable[str]]) -> list[str]:
    """Return one group name per product; products that share any key share the group.

    The name is derived from the group's first product, so appending rows to a table renames no
    group unless a new row joins two of them.
    """
    parents = list(range(len(keys)))
    owner: dict[str, int] = {}
    for index, product_keys in enumerate(keys):
        for key in product_keys:
            _join(parents, owner.setdefault(key, index), index)
    names: dict[int, str] = {}
    for index, product_keys in enumerate(keys):
        root = _root(parents, index)
        if root not in names:
            label = next(iter(product_keys), f"row:{index}")
            names[root] = hashlib.sha256(label.encode()).hexdigest()[:16]
    return [names[_root(parents, index)] for index in range(len(keys))]


def split(
    groups: Sequence[str],
    parts: dict[str, float],
    seed: int,
    codes: Sequence[int] | None = None,
) -> dict[str, list[int]]:
    """Divide rows into parts of about the given shares, never dividing a group.

    A group's place depends on its name and the seed alone: rows added later move no other row.
    With `codes`, a category that would be absent from a part although it has a group to spare
    gives that part its nearest group; only such small categories can move when data grows.

    Returns the row indices of each part, ascending. Raises DataInvalid for impossible shares.
    """
    if not parts or min(parts.values()) <= 0 or not np.isclose(sum(parts.values()), 1.0):
        raise DataInvalid(f"Shares must be above 0 and sum to 1, not {parts}.")
    places = {group: place(group, seed) for group in groups}
    borders = dict(zip(parts, np.cumsum(list(parts.values())).tolist(), strict=True))
    part_of = {group: part_at(position, borders) for group, position in places.items()}
    if codes is not None:
        _spread_small_categories(part_of, places, borders, groups, codes)
    result: dict[str, list[int]] = {part: [] for part in parts}
    for index, group in enumerate(groups):
        result[part_of[group]].append(index)
    return result


def _spread_small_categories(
    part_of: dict[str, str],
    places: dict[str, float],
    borders: dict[str, float],
    groups: Sequence[str],
    codes: Sequence[int],
) -> None:
    members: defaultdict[int, set[str]] = defaultdict(set)
    for group, code in zip(groups, codes, strict=True):
        members[code].add(group)
    moved: set[str] = set()
    for code in sorted(members):
        own = sorted(members[code], key=lambda group: places[group])
        for part, border in borders.items():
            held = Counter(part_of[group] for group in own)
            spare = [g for g in own if held[part_of[g]] > 1 and g not in moved]
            if held[part] == 0 and spare:
                nearest = min(spare, key=lambda group: abs(places[group] - border))
                part_of[nearest] = part
                moved.add(nearest)


def place(group: str, seed: int) -> float:
    """Return where in [0, 1) a group lies, by its name and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def part_at(position: float, borders: dict[str, float]) -> str:
    """Return the part at `position`; borders: where each part ends, ascending to 1."""
    for part, border in borders.items():
        if position < border:
            return part
    return next(reversed(borders))


def _join(parents: list[int], one: int, other: int) -> None:
    parents[_root(parents, other)] = _root(parents, one)


def _root(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index
