"""Whether the products that arrive still look like those of the reference. Pure.

Univariate two-sample tests with Bonferroni's correction, which S. Rabanser et al., Failing Loudly
(NeurIPS 2019) found best overall, on what the model says, on its inputs and on embeddings. The level
is so strict that 200 stable windows raise a single false alarm with probability 5 % at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
from scipy import stats

from reviewapp.choices import DriftTest

Floats = npt.NDArray[np.float64]

REFERENCE: Final = 2000
WINDOW: Final = 1000
# New products after which the last WINDOW of them are tested again.
STEP: Final = 100
ALARMS: Final = 0.05 / 200
LEVEL: Final = ALARMS / len(DriftTest)
# Values on either side below which a test says nothing.
ENOUGH: Final = 100
_RARE: Final = 15
_MOVERS: Final = 5
_EXAMPLES: Final = 3

_NUMBERS: Final = (
    DriftTest.CONFIDENCE,
    DriftTest.TITLE_LENGTH,
    DriftTest.DESCRIPTION_LENGTH,
    DriftTest.BRIGHTNESS,
)
_WORDS: Final = (
    DriftTest.CATEGORY,
    DriftTest.LANGUAGE,
    DriftTest.DESCRIPTION,
    DriftTest.PICTURE,
)


HELD: Final = {*_NUMBERS, *_WORDS, DriftTest.EMBEDDING}
"""The tests that need no estimate: what a Reference holds."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Embeddings by their number, mean (D,) and covariance (D, D)."""

    size: int
    mean: Floats
    covariance: Floats

    @classmethod
    def of(cls, vectors: Floats) -> Self:
        """Return the cloud of vectors (N, D), N > 1."""
        return cls(len(vectors), vectors.mean(axis=0), np.cov(vectors, rowvar=False))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is compared of N products: numbers by test, NaN where there is none, and words by test.

    vectors: projected embeddings, (M, PROJECTIONS), of the products `vector_products`
    """

    products: Sequence[int]
    numbers: Mapping[DriftTest, Floats]
    words: Mapping[DriftTest, Sequence[str]]
    vectors: Floats
    vector_products: Sequence[int]


@dataclass(frozen=True, slots=True)
class Reference:
    """The products that later ones are held against; small enough to be stored as JSON."""

    numbers: Mapping[DriftTest, Floats]
    counts: Mapping[DriftTest, Mapping[str, int]]
    cloud: Cloud | None

    @classmethod
    def of(cls, arrivals: Arrivals) -> Self:
        vectors = arrivals.vectors
        return cls(
            {test: _known(arrivals.numbers[test]) for test in _NUMBERS},
            {test: Counter(arrivals.words[test]) for test in _WORDS},
            Cloud.of(vectors) if len(vectors) >= ENOUGH else None,
        )

    @property
    def tests(self) -> set[DriftTest]:
        """What it has ENOUGH values of."""
        sizes = {test: len(values) for test, values in self.numbers.items()}
        sizes |= {test: sum(counts.values()) for test, counts in self.counts.items()}
        sizes[DriftTest.EMBEDDING] = self.cloud.size if self.cloud else 0
        return {test for test, size in sizes.items() if size >= ENOUGH}

    def completed_by(self, other: Self) -> Self:
        """Return it with what it has not ENOUGH of from `other`, which holds every test."""
        own = self.tests
        return type(self)(
            {test: (self if test in own else other).numbers[test] for test in _NUMBERS},
            {test: (self if test in own else other).counts[test] for test in _WORDS},
            self.cloud if DriftTest.EMBEDDING in own else other.cloud,
        )

    def as_json(self) -> dict[str, Any]:
        cloud = self.cloud
        return {
            "numbers": {test: values.tolist() for test, values in self.numbers.items()},
            "counts": {test: dict(counts) for test, counts in self.counts.items()},
            "cloud": cloud
            and {
                "size": cloud.size,
                "mean": cloud.mean.tolist(),
                "covariance": cloud.covariance.tolist(),
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        cloud = stored["cloud"]
        return cls(
            {DriftTest(test): np.array(values) for test, values in stored["numbers"].items()},
            {DriftTest(test): counts for test, counts in stored["counts"].items()},
            cloud and Cloud(cloud["size"], np.array(cloud["mean"]), np.array(cloud["covariance"])),
        )


@dataclass(frozen=True, slots=True)
class Mover:
    """A word whose share has changed, 0..1, with a few of its new products."""

    name: str
    before: float
    after: float
    products: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """One test of a window. p_value None: too few values; drifted when it is below LEVEL.

    before, after: medians of a number; movers: of words; products: examples of what is new
    """

    test: DriftTest
    statistic: float | None = None
    p_value: float | None = None
    before: float | None = None
    after: float | None = None
    movers: list[Mover] = field(default_factory=list)
    products: list[int] = field(default_factory=list)

    @property
    def is_drifted(self) -> bool:
        return self.p_value is not None and self.p_value < LEVEL

    @property
    def is_estimate(self) -> bool:
        """Say whether it rests on what is estimated without labels."""
        return self.test not in HELD

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        movers = [Mover(**one) for one in stored["movers"]]
        return cls(**{**stored, "test": DriftTest(stored["test"]), "movers": movers})


def compare(reference: Reference, window: Arrivals) -> list[Finding]:
    """Hold a window against the reference by every DriftTest that needs no estimate, in their order."""
    found = {test: _number(test, reference.numbers[test], window) for test in _NUMBERS}
    found |= {test: _word(test, reference.counts[test], window) for test in _WORDS}
    found[DriftTest.EMBEDDING] = _embedding(reference.cloud, window)
    return [found[test] for test in DriftTest if test in found]


def hotelling(first: Cloud, second: Cloud) -> tuple[float, float]:
    """Return T² and its p-value for the hypothesis of equal means.

    Source: H. Hotelling, The generalization of Student's ratio, Ann. Math. Stat. 2, 1931.
    """
    width = len(first.mean)
    freedom = first.size + second.size - 2
    pooled = ((first.size - 1) * first.covariance + (second.size - 1) * second.covariance) / freedom
    moved = first.mean - second.mean
    scale = first.size * second.size / (first.size + second.size)
    statistic = float(scale * moved @ np.linalg.pinv(pooled, hermitian=True) @ moved)
    rest = freedom - width + 1
    p_value = stats.f.sf(statistic * rest / (freedom * width), width, rest)
    return statistic, float(p_value)


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def _number(test: DriftTest, before: Floats, window: Arrivals) -> Finding:
    """Kolmogorov and Smirnov's test; of equal values (lengths are whole) it errs on the safe side."""
    every = window.numbers[test]
    after = _known(every)
    if min(len(before), len(after)) < ENOUGH:
        return Finding(test)
    result = stats.ks_2samp(before, after, method="asymp")
    old, new = float(np.median(before)), float(np.median(after))
    farthest = np.argsort(-every if new > old else every)  # NaN comes last
    return Finding(
        test,
        float(result.statistic),
        float(result.pvalue),
        old,
        new,
        products=[window.products[at] for at in farthest[:_EXAMPLES]],
    )


def _word(test: DriftTest, before: Mapping[str, int], window: Arrivals) -> Finding:
    """Pearson's test of homogeneity; rare words count as one."""
    words = window.words[test]
    after = Counter(words)
    sizes = sum(before.values()), len(words)
    if min(sizes) < ENOUGH:
        return Finding(test)
    statistic, p_value = _homogeneity(before, after)
    movers = [
        Mover(
            name,
            before.get(name, 0) / sizes[0],
            after.get(name, 0) / sizes[1],
            [pk for pk, word in zip(window.products, words, strict=True) if word == name][
                -_EXAMPLES:
            ],
        )
        for name in {*before, *after}
    ]
    movers.sort(key=lambda one: (-abs(one.after - one.before), one.name))
    return Finding(test, statistic, p_value, movers=movers[:_MOVERS])


def _homogeneity(before: Mapping[str, int], after: Mapping[str, int]) -> tuple[float, float]:
    names = sorted({*before, *after})
    table = np.array([[counts.get(name, 0) for name in names] for counts in (before, after)])
    is_rare = table.sum(axis=0) < _RARE
    merged = np.column_stack([table[:, ~is_rare], table[:, is_rare].sum(axis=1)])
    merged = merged[:, merged.sum(axis=0) > 0]
    if merged.shape[1] < 2:
        return 0.0, 1.0
    result = stats.chi2_contingency(merged, correction=False)
    return float(result.statistic), float(result.pvalue)


def _embedding(before: Cloud | None, window: Arrivals) -> Finding:
    vectors = window.vectors
    if before is None or len(vectors) < ENOUGH:
        return Finding(DriftTest.EMBEDDING)
    after = Cloud.of(vectors)
    statistic, p_value = hotelling(before, after)
    along = (vectors - before.mean) @ (after.mean - before.mean)
    examples = [window.vector_products[at] for at in np.argsort(-along)[:_EXAMPLES]]
    return Finding(DriftTest.EMBEDDING, statistic, p_value, products=examples)
