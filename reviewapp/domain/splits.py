"""Splits that keep near duplicates together and that nothing ever moves out of the test. Pure.

A group is drawn into a split by its name alone. When two groups turn out to be one (a product with
the title of one and the picture of the other), the merged group takes the strictest split that any
of its products has had: what a model was once tested on never becomes training data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate
from typing import Final

from classifier.grouping import group_products, part_at, place
from reviewapp.choices import Split

SHARES: Final = {Split.TRAIN: 0.8, Split.VALIDATION: 0.1, Split.TEST: 0.1}
_SEED: Final = 0
_BORDERS: Final = dict(zip(map(str, SHARES), accumulate(SHARES.values()), strict=True))
_STRICTNESS: Final = list(SHARES)


def drawn(group: str) -> Split:
    """Return the split of a group that has none yet; the same name gives the same split."""
    return Split(part_at(place(group, _SEED), _BORDERS))


def strictest(splits: Iterable[str]) -> Split:
    """Return the one of `splits` that the others give way to: test before validation before train."""
    return max((Split(split) for split in splits), key=_STRICTNESS.index)


def merged_groups(links: Sequence[Collection[int]]) -> dict[int, str]:
    """Return the common name of every group key in `links`; keys in one link are one group."""
    ordered = sorted(sorted(link) for link in links)
    names = group_products([[str(key) for key in link] for link in ordered])
    return {key: name for link, name in zip(ordered, names, strict=True) for key in link}


def group_name(group_key: int | None, product_id: int, merged: dict[int, str]) -> str:
    """Return the name of a product's group; a product tied to nothing is a group of its own."""
    if group_key is None:
        return f"product-{product_id}"
    return merged.get(group_key) or f"{group_key % 2**64:016x}"
