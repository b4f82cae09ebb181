"""Cross-validation folds that keep groups whole and spread every category."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from classifier.arrays import Ints
from classifier.errors import DataInvalid


def grouped_folds(groups: Sequence[str], codes: Sequence[int], count: int, seed: int) -> Ints:
    """Return a fold number 0..count-1 for each row; rows of one group share a fold.

    Groups are dealt out category by category, the largest first, each to the fold that holds
    the fewest rows of its category (then the fewest rows at all), so folds are about as
    stratified as the groups allow. Ties are broken by a hash of seed and group: the result
    depends on nothing else.

    Raises DataInvalid when there are fewer groups than folds.
    """
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        rows[group].append(row)
    if count < 2 or len(rows) < count:
        raise DataInvalid(
            f"{len(rows)} groups of products cannot be divided into {count} folds;"
            " give more products or ask for fewer folds."
        )
    category = {
        group: Counter(codes[row] for row in members).most_common(1)[0][0]
        for group, members in rows.items()
    }
    order = sorted(rows, key=lambda group: (category[group], -len(rows[group]), _draw(seed, group)))
    held = [0] * count
    held_of: defaultdict[int, list[int]] = defaultdict(lambda: [0] * count)
    result = np.empty(len(groups), dtype=np.int64)
    for group in order:
        own = held_of[category[group]]
        fold = min(range(count), key=lambda index: (own[index], held[index]))
        own[fold] += len(rows[group])
        held[fold] += len(rows[group])
        result[rows[group]] = fold
    return result


def _draw(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
