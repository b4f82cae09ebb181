"""Replay against forgetting: new labels are learned together with rows of the catalogue itself.

All of them by default, which on cached features costs minutes. A share of them is drawn by name,
so that the same rows are drawn again, and weighted by the inverse of the share (Horvitz &
Thompson 1952): what is learned stays that of the whole catalogue on average.
"""

from __future__ import annotations

from dataclasses import replace

from classifier.data import Dataset
from classifier.grouping import place


def replayed(dataset: Dataset, share: float, seed: int, part: str = "train") -> Dataset:
    """Return the data set with about `share` of the base rows of `part`, each weighing more.

    Labels, and rows of other parts, are all kept as they are. Whole groups are drawn.
    """
    if share >= 1:
        return dataset
    drawable = set(dataset.official.get(part, range(len(dataset))))
    kept, old_rows = [], []
    for row, product in enumerate(dataset):
        if row in drawable and product.is_base:
            if place(product.group, seed) >= share:
                continue
            product = replace(product, weight=product.weight / share)
        kept.append(product)
        old_rows.append(row)
    new_row = {old: new for new, old in enumerate(old_rows)}
    official = {
        name: [new_row[row] for row in rows if row in new_row]
        for name, rows in dataset.official.items()
    }
    return replace(dataset, products=tuple(kept), official=official)
