"""Near-duplicate groups: which products are the same thing to a person and to a model. Pure.

Two products with the same title, but for case, accents and punctuation, or with the same picture,
but for scale and compression, are near duplicates; the rules are those that keep a training split
free of leaks (`classifier.grouping`). A group is found by looking at the products that are there
already: an arrival joins the oldest group it is tied to, and never merges two. So a group's key
does not change when others arrive, and no arrival rewrites other rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from itertools import combinations
from typing import Final

from PIL import Image

from classifier.grouping import difference_hash, title_key

NEAR_BITS: Final = 2
"""Bits of 64 in which pictures of one look may differ: what a second JPEG compression changes."""

_MASKS: Final = [
    sum(1 << bit for bit in bits)
    for size in range(NEAR_BITS + 1)
    for bits in combinations(range(64), size)
]


def title_hash(designation: str) -> int | None:
    """Return 64 signed bits that stand for the normalised title; None when no word is left."""
    key = title_key(designation)
    if key is None:
        return None
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def fingerprint(picture: Image.Image) -> int | None:
    """Return the picture's 64-bit difference hash, signed as PostgreSQL holds it; None if flat."""
    value = difference_hash(picture)
    return None if value is None else signed(value)


def signed(value: int) -> int:
    """Turn an unsigned 64-bit number into the signed one of the same bits."""
    return value - 2**64 if value >= 2**63 else value


def near_fingerprints(value: int) -> list[int]:
    """Return the 2,081 fingerprints within NEAR_BITS of `value`, itself first.

    Each is one look-up in an index; bands of bits would be fewer, but pictures on white share
    most of theirs.
    """
    return [signed((value % 2**64) ^ mask) for mask in _MASKS]


def distance(one: int, other: int) -> int:
    """Return in how many of 64 bits two fingerprints differ."""
    return ((one ^ other) % 2**64).bit_count()


def join_group(
    title: int | None,
    look: int | None,
    by_title: MutableMapping[int, int],
    by_look: MutableMapping[int, int],
) -> int | None:
    """Return the group of an arriving product, and note it for the next one.

    title: its `title_hash`; look: that of its picture; by_title, by_look: the groups that are
    there. None when nothing ties it to anything. A new group is named after the title, so that two
    arrivals at the same moment find the same name.
    """
    group = by_title.get(title) if title is not None else None
    if group is None and look is not None:
        group = by_look.get(look)
    if group is None:
        group = title if title is not None else look
    if group is not None:
        if title is not None:
            by_title.setdefault(title, group)
        if look is not None:
            by_look.setdefault(look, group)
    return group
