"""Small labelled worlds in which the right answers are known."""

import hashlib

import numpy as np
from PIL import Image

from classifier.config import TrainConfig
from classifier.data import Dataset, LabelledProduct
from classifier.encoding import Encoders
from classifier.errors import InputUnreadable
from classifier.image import open_rgb
from classifier.learn import Part
from classifier.members.base import Features, Modality, Source
from classifier.types import Member, ProductInput

LABELS = (10, 40, 1280, 2583)
# Text tells the first two from the last two well, and within each pair badly; a picture tells
# odd from even places well. Only both together know the category.
WORDS = (("livre", "roman"), ("livre", "jeu"), ("piscine", "jouet"), ("piscine", "pompe"))
COLOURS = ((220, 30, 30), (30, 30, 220), (220, 30, 30), (30, 30, 220))
FILLER = ("lot", "neuf", "bleu", "grand", "petit", "beau", "vendu", "rare")

QUICK = TrainConfig(folds=3, bootstrap_samples=50)


class BagOfWords:
    """Each word adds a random direction of its own."""

    name, digest, dim = "bag", "b" * 64, 24

    def __init__(self):
        self.seen = []

    def encode(self, items, /, batch_size=8, on_progress=None):
        self.seen.extend(items)
        return np.stack([self._vector(text) for text in items]).astype(np.float32)

    def _vector(self, text):
        total = np.full(self.dim, 1e-3)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).normal(size=self.dim)
        return total / np.linalg.norm(total)


class Pixels:
    """A picture's colours on a 2x2 grid."""

    name, digest, dim = "pixels", "a" * 64, 12

    def __init__(self):
        self.seen = []

    def encode(self, items, /, batch_size=8, on_progress=None):
        self.seen.extend(items)
        return np.stack([self._vector(path) for path in items]).astype(np.float32)

    def try_encode(self, paths, /, batch_size=8):
        vectors, readable = np.zeros((len(paths), self.dim), np.float32), []
        for row, path in enumerate(paths):
            self.seen.append(path)
            try:
                vectors[row] = self._vector(path)
                readable.append(True)
            except InputUnreadable:
                readable.append(False)
        return vectors, readable

    def _vector(self, path):
        small = np.asarray(open_rgb(path).resize((2, 2)), dtype=np.float64).ravel() / 255
        return small / np.linalg.norm(small)


def encoders():
    return Encoders(BagOfWords(), Pixels())


def dataset(folder, per_category=24, seed=0, with_images=True):
    """Products with a title each and a picture each, no two in one group."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    products = []
    for place, code in enumerate(LABELS):
        for index in range(per_category):
            row = f"{code}-{index}"
            title = [WORDS[place][0], *draw.choice(FILLER, 3), f"n{draw.integers(10**6)}"]
            if draw.random() < 0.5:
                title.append(WORDS[place][1])
            image = _picture(folder / f"{row}.png", place, draw) if with_images else None
            product = ProductInput(row, " ".join(title), "", image)
            products.append(LabelledProduct(product, code, f"g{row}", row))
    order = draw.permutation(len(products))
    names = {code: f"category {code}" for code in LABELS}
    return Dataset(tuple(products[int(i)] for i in order), names)


def _picture(path, place, draw):
    colour = COLOURS[place] if draw.random() < 0.85 else COLOURS[(place + 1) % 4]
    noise = draw.normal(0, 25, size=(24, 24, 3)) + np.array(colour)
    Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(path)
    return path


def part(rows=240, seed=0, text_noise=1.4, image_noise=1.4, missing_image=0.0):
    """Labelled rows of Gaussian features; text knows the pair, the picture the place in it."""
    draw = np.random.default_rng(seed)
    places = draw.integers(0, len(LABELS), rows)
    pair, parity = places // 2, places % 2
    text = np.stack([pair, 0.4 * parity], axis=1) * 3 @ _directions(2, 16)
    image = np.stack([0.4 * pair, parity], axis=1) * 3 @ _directions(2, 24)
    features = Features(
        {
            Source.TEXT: [f"{WORDS[p][0]} {FILLER[p]} x{i % 7}" for i, p in enumerate(places)],
            Source.TEXT_VECTORS: (text + text_noise * draw.normal(size=(rows, 16))).astype("f4"),
            Source.IMAGE_VECTORS: (image + image_noise * draw.normal(size=(rows, 24))).astype("f4"),
        },
        {
            Modality.TEXT: np.ones(rows, dtype=bool),
            Modality.IMAGE: draw.random(rows) >= missing_image,
        },
    )
    codes = tuple(LABELS[int(place)] for place in places)
    return Part(features, codes, tuple(f"g{i // 2}" for i in range(rows)))


def two_members(**changes):
    return TrainConfig(members=(Member.CNN, Member.BERT), folds=4, bootstrap_samples=50, **changes)


def _directions(count, size):
    return np.random.default_rng(99).normal(size=(count, size)) / np.sqrt(size)
