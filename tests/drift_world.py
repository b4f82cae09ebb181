"""A made-up marketplace whose arrivals can be changed on purpose, for drift."""

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np

from classifier.embedding import project
from reviewapp.choices import DriftTest
from reviewapp.domain import drift, label_shift
from reviewapp.domain.drift import Arrivals
from reviewapp.domain.drift_estimates import Estimates, Normal, compare_estimates

CATEGORIES = 27
_WIDTH = 64
_PRIORS = np.geomspace(13, 1, CATEGORIES) / np.geomspace(13, 1, CATEGORIES).sum()
_MEANS = np.random.default_rng(7).standard_normal((CATEGORIES, _WIDTH)) * 0.42


@dataclass(frozen=True)
class World:
    """Where products come from. Each category is a Gaussian, so that probabilities are exact."""

    priors: np.ndarray = field(default_factory=lambda: _PRIORS)
    no_description: float = 0.35
    no_picture: float = 0.02
    english: float = 0.04
    title: float = 60.0
    brightness: float = 0.72
    noise: float = 1.0
    new_family: float = 0.0


STABLE = World()
CHANGED = {
    "class mix (a third of the mass moved)": replace(
        STABLE, priors=_PRIORS * 0.67 + 0.33 * _PRIORS[::-1]
    ),
    "descriptions lost (35 to 55 %)": replace(STABLE, no_description=0.55),
    "pictures darkened (by a quarter)": replace(STABLE, brightness=0.54),
    "pictures corrupted (noise in the features)": replace(STABLE, noise=1.4),
    "pictures lost (2 to 12 %)": replace(STABLE, no_picture=0.12),
    "new seller style (titles 40 % longer)": replace(STABLE, title=84.0),
    "language (4 to 14 % English)": replace(STABLE, english=0.14),
    "new product family (15 % of arrivals)": replace(STABLE, new_family=0.15),
}


@dataclass(frozen=True)
class Batch:
    """Drawn products: what is compared, probabilities (N, K), and the truth; -1: a new family."""

    arrivals: Arrivals
    probabilities: np.ndarray
    true: np.ndarray

    @property
    def is_right(self):
        return self.probabilities.argmax(axis=1) == self.true


def draw(world, size, generator):
    """Draw products of `world`, as `newest_arrivals` would return them."""
    true = generator.choice(CATEGORIES, size, p=world.priors)
    seen = _MEANS[true] + world.noise * generator.standard_normal((size, _WIDTH))
    is_new = generator.random(size) < world.new_family
    elsewhere = np.random.default_rng(8).standard_normal(_WIDTH) * 0.42
    seen[is_new] += elsewhere - _MEANS[true[is_new]]
    scores = seen @ _MEANS.T - (_MEANS**2).sum(axis=1) / 2 + np.log(_PRIORS)
    probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    lost = generator.random(size) < world.no_description
    length = np.where(lost, np.nan, generator.lognormal(5.4, 0.9, size).round() + 1)
    flags = {True: "missing", False: "present"}
    pictures = generator.random(size) < world.no_picture
    bright = generator.beta(7.2, 2.8, size) / 0.72 * world.brightness
    arrivals = Arrivals(
        products=list(range(size)),
        numbers={
            DriftTest.CONFIDENCE: probabilities.max(axis=1),
            DriftTest.TITLE_LENGTH: generator.gamma(9, world.title / 9, size).round(),
            DriftTest.DESCRIPTION_LENGTH: length,
            DriftTest.BRIGHTNESS: np.where(pictures, np.nan, bright),
        },
        words={
            DriftTest.CATEGORY: [str(one) for one in probabilities.argmax(axis=1)],
            DriftTest.DESCRIPTION: [flags[bool(one)] for one in lost],
            DriftTest.LANGUAGE: np.where(
                generator.random(size) < world.english, "en", "fr"
            ).tolist(),
            DriftTest.PICTURE: [flags[bool(one)] for one in pictures],
        },
        vectors=project(seen),
        vector_products=list(range(size)),
    )
    return Batch(arrivals, probabilities, np.where(is_new, -1, true))


def newest(batches, size):
    """Return the last `size` products of several batches as one Arrivals."""
    parts = [one.arrivals for one in batches]
    return Arrivals(
        products=list(range(size)),
        numbers={
            test: np.concatenate([one.numbers[test] for one in parts])[-size:]
            for test in parts[0].numbers
        },
        words={
            test: [word for one in parts for word in one.words[test]][-size:]
            for test in parts[0].words
        },
        vectors=np.concatenate([one.vectors for one in parts])[-size:],
        vector_products=list(range(size)),
    )


def stored(probabilities):
    """Return probabilities (N, K) as predictions keep them: the five largest, the rest shared out."""
    kept = np.argsort(-probabilities, axis=1)[:, :5]
    rest = 1 - np.take_along_axis(probabilities, kept, axis=1).sum(axis=1, keepdims=True)
    found = np.repeat(np.maximum(rest, 1e-6) / (CATEGORIES - 5), CATEGORIES, axis=1)
    np.put_along_axis(found, kept, np.take_along_axis(probabilities, kept, axis=1), axis=1)
    return found / found.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Held:
    """What a model's windows are held against: products of its training, and others kept out of it."""

    reference: drift.Reference
    normal: Normal
    sure_at: float

    def findings(self, batches):
        """Test the last WINDOW products of several batches."""
        arrivals = newest(batches, drift.WINDOW)
        probabilities = np.concatenate([one.probabilities for one in batches])[-drift.WINDOW :]
        now = Estimates.of(
            stored(probabilities), self.normal.shares, arrivals.numbers[DriftTest.CONFIDENCE],
            self.sure_at,
        )  # fmt: skip
        return [
            *drift.compare(self.reference, arrivals),
            *compare_estimates(self.normal, now, range(CATEGORIES)),
        ]


def reference(generator, size=drift.REFERENCE):
    """size: products of the training that are looked at, and that were kept out of it"""
    held_out = draw(STABLE, size, generator)
    first = drift.Reference.of(draw(STABLE, size, generator).arrivals)
    outputs = drift.Reference.of(held_out.arrivals)
    own = (DriftTest.CATEGORY, DriftTest.PICTURE)
    confidence = held_out.arrivals.numbers[DriftTest.CONFIDENCE]
    is_right = held_out.is_right
    return Held(
        replace(
            first,
            numbers={**first.numbers, DriftTest.CONFIDENCE: outputs.numbers[DriftTest.CONFIDENCE]},
            counts={**first.counts, **{test: outputs.counts[test] for test in own}},
        ),
        Normal.of_labels(held_out.true, list(range(CATEGORIES)), float(is_right.mean())),
        label_shift.accuracy_threshold(confidence, is_right),
    )


def false_alarms(windows, generator, size=drift.REFERENCE):
    """Return by test how many windows, STEP products apart, of a stable stream are found drifted,
    under None by any."""
    held = reference(generator, size)
    stream = [draw(STABLE, drift.STEP, generator) for _ in range(drift.WINDOW // drift.STEP)]
    found = Counter()
    for _ in range(windows):
        stream = [*stream[1:], draw(STABLE, drift.STEP, generator)]
        tests = [one.test for one in held.findings(stream) if one.is_drifted]
        found.update([*tests, *([None] if tests else [])])
    return found


def delay(world, generator, most=3000):
    """Return how many changed products arrive before a window is found drifted, and by what; the
    change begins at a random place between two windows. None when `most` are not enough."""
    held = reference(generator)
    wait = int(generator.integers(0, drift.STEP))  # products until the next window
    batches = [draw(STABLE, drift.WINDOW, generator)]
    after = 0
    for size in [wait or drift.STEP, *[drift.STEP] * (most // drift.STEP)]:
        batches.append(draw(world, size, generator))
        after += size
        if tests := [one.test for one in held.findings(batches[-12:]) if one.is_drifted]:
            return after, tests
    return None
