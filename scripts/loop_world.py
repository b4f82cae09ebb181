"""The products that `bench_loop.py` learns from, encoded, with test products set apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classifier.arrays import Ints
from classifier.cache import FeatureCache
from classifier.config import TrainConfig
from classifier.data import Dataset, read_dataset, split
from classifier.encoding import encode_products
from classifier.learn import Part
from classifier.train import TEST, TRAIN, as_part, open_encoders
from reviewapp.demo.catalogue import generate
from reviewapp.demo.challenge_folder import write_challenge_folder

_TEST_SHARE = 0.3
_DEMO_SEED = 21
_SPLIT_SEED = 0


@dataclass(frozen=True)
class World:
    """The products, encoded. rows: all of them, with their right codes; pool, test: their places."""

    rows: Part
    pool: Ints
    test: Ints

    @property
    def codes(self) -> Ints:
        """(N,) right categories."""
        return np.array(self.rows.codes, dtype=np.int64)


def demo(count: int, folder: Path) -> Dataset:
    """Return invented products with pictures, and with their right codes."""
    write_challenge_folder(folder, count, _DEMO_SEED)
    right = (product.true_code for product in generate(count, _DEMO_SEED))
    read = read_dataset(folder)
    products = tuple(replace(one, code=code) for one, code in zip(read, right, strict=True))
    return replace(read, products=products)


def drawn(dataset: Dataset, count: int) -> Dataset:
    """Return at most `count` of the products, drawn at random, in their order and parts."""
    if count >= len(dataset):
        return dataset
    rows = np.random.default_rng(_SPLIT_SEED).choice(len(dataset), count, replace=False)
    place = {int(row): index for index, row in enumerate(np.sort(rows))}
    official = {
        name: [place[row] for row in part if row in place]
        for name, part in dataset.official.items()
    }
    return replace(dataset, products=tuple(dataset[row] for row in place), official=official)


def opened(dataset: Dataset, cache: Path) -> World:
    """Encode every product once and set the test products apart."""
    loaded = open_encoders(dataset, TrainConfig(), cache / "backbones")
    inputs = [product.input for product in dataset]
    encoded = encode_products(inputs, loaded.encoders, FeatureCache(cache / "features"))
    rows = as_part(dataset, encoded)
    if (test := dataset.official.get(TEST)) is None:
        shares = {TRAIN: 1 - _TEST_SHARE, TEST: _TEST_SHARE}
        test = split(rows.groups, shares, _SPLIT_SEED, rows.codes)[TEST]
    held = {rows.groups[row] for row in test}
    pool = [row for row, group in enumerate(rows.groups) if group not in held]
    return World(rows, np.array(pool), np.array(test))
