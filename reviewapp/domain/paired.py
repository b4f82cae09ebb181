"""Two model versions on the same products: differences, with what chance can do to them. Pure.

Every resampling draws whole groups of near duplicates, and both versions together: what is hard for
one is mostly hard for the other, so that the difference is known better than either number.

Shapes: N = products, K = categories, B = resamplings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifier import metrics
from reviewapp.domain.answers import NO_ANSWER, AnswerSheet, MemberAnswers, Words
from reviewapp.domain.policy_effect import Bools, Floats, Ints

_CHUNK: Final = 50  # resamplings at a time: bounds the (B, N) weights
RATES: Final = ("accuracy", "macro_f1", "weighted_f1", "ece")


class NotPaired(Exception):
    """The two sheets are not about the same products."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Answers of two versions, `old` and `new`, to the same products."""

    product: Ints
    true: Ints
    group: Words
    old: MemberAnswers
    new: MemberAnswers

    def __len__(self) -> int:
        return len(self.product)

    @property
    def negative_flips(self) -> Bools:
        """(N,): right before, wrong now."""
        flips: Bools = (self.old.predicted == self.true) & (self.new.predicted != self.true)
        return flips

    @property
    def positive_flips(self) -> Bools:
        """(N,): wrong before, right now."""
        flips: Bools = (self.old.predicted != self.true) & (self.new.predicted == self.true)
        return flips


@dataclass(frozen=True, slots=True)
class Difference:
    """A number of both versions, and new - old with its 95 % interval."""

    old: float
    new: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Resampled:
    """Every rate and each category's F1, of both versions, as they are and resampled.

    rates: by name of RATES, each (2,); drawn: by name, each (B, 2)
    f1: (2, K); f1_drawn: (B, 2, K); codes: (K,); support: (K,) products of each category
    """

    rates: dict[str, Floats]
    drawn: dict[str, Floats]
    f1: Floats
    f1_drawn: Floats
    codes: Ints
    support: Ints

    def difference(self, rate: str) -> Difference:
        """Return the difference of a rate."""
        return _difference(self.rates[rate], self.drawn[rate])

    def lower_bound(self, rate: str, level: float) -> float:
        """Return what new - old surely exceeds, to 1 - level (one-sided)."""
        return float(np.quantile(self.drawn[rate][:, 1] - self.drawn[rate][:, 0], level))

    def category(self, place: int) -> Difference:
        """Return the difference of the F1 of the category `codes[place]`."""
        return _difference(self.f1[:, place], self.f1_drawn[:, :, place])


def unlearned(old: AnswerSheet, new: AnswerSheet) -> tuple[AnswerSheet, AnswerSheet]:
    """Return both sheets without the products that either version may know by heart.

    Raises NotPaired for other products, and when none is left.
    """
    if not np.array_equal(old.product, new.product):
        raise NotPaired
    kept = np.ones(len(old), dtype=bool)
    for sheet in (old, new):
        kept &= True if sheet.is_learned is None else ~sheet.is_learned
    if not kept.any():
        raise NotPaired
    return old.select(kept), new.select(kept)


def pair(old: AnswerSheet, new: AnswerSheet, member: str) -> Pair:
    """Return both versions' answers of a member. Raises NotPaired for other products or codes."""
    if not np.array_equal(old.product, new.product) or not np.array_equal(old.true, new.true):
        raise NotPaired
    return Pair(old.product, old.true, old.group, old.members[member], new.members[member])


def resample(both: Pair, *, samples: int, seed: int) -> Resampled:
    """Return all rates of both versions, with `samples` resamplings of whole groups."""
    sides = (both.old, both.new)
    answered = [both.true, *(side.predicted for side in sides)]
    codes, places = np.unique(np.concatenate(answered), return_inverse=True)
    true, *predicted = np.split(places, 3)
    is_category = codes != NO_ANSWER
    rates = [
        _Rates(true, said, side.confidence, is_category)
        for said, side in zip(predicted, sides, strict=True)
    ]
    ones = np.ones((1, len(both)))
    plain = [one.measure(ones) for one in rates]
    drawn = [[one.measure(rows) for one in rates] for rows in weights(both.group, samples, seed)]
    stacked = {
        name: np.concatenate([np.stack([one[name] for one in two], 1) for two in drawn])
        for name in (*RATES, "f1")
    }
    return Resampled(
        rates={name: np.array([one[name][0] for one in plain]) for name in RATES},
        drawn={name: stacked[name] for name in RATES},
        f1=np.stack([one["f1"][0] for one in plain]),
        f1_drawn=stacked["f1"],
        codes=codes,
        support=np.bincount(true, minlength=len(codes)),
    )


def better_by_chance(gain: Floats, group: Words, *, samples: int, seed: int) -> float:
    """Return how likely equal versions are to show so large a mean gain (a one-sided p-value).

    Swaps the versions within random groups: if they are equal, all ways are as likely, so that the
    test is exact at any sample size (Good, Permutation Tests, 2000). gain: (N,), positive where the
    new version does better
    """
    _names, of_row = np.unique(group, return_inverse=True)
    by_group = np.bincount(of_row, weights=gain)
    by_group = by_group[by_group != 0]
    observed = by_group.sum()
    generator = np.random.default_rng(seed)
    as_large = 0
    for start in range(0, samples, _CHUNK):
        shape = (min(_CHUNK, samples - start), len(by_group))
        signs = generator.integers(0, 2, size=shape) * 2 - 1
        # Equal sums may differ in their last bit.
        as_large += int((signs @ by_group >= observed - 1e-9).sum())
    return (as_large + 1) / (samples + 1)


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Return which hypotheses are rejected, any wrongly with at most `level` in all (Holm 1979)."""
    rejected = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] > level / (len(p_values) - rank):
            break
        rejected[place] = True
    return rejected


@dataclass(frozen=True, slots=True)
class _Rates:
    """One version's answers as places in the codes of both, ready to be measured again and again."""

    true: Ints
    predicted: Ints
    confidence: Floats
    is_category: Bools  # (K,), not of what stands for no answer

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """weights: (B, N); returns (B,) by rate, and (B, K) of "f1"."""
        is_right = self.predicted == self.true
        scores, support, claimed = metrics.f1_scores(
            self.predicted, self.true, len(self.is_category), weights
        )
        seen = ((support + claimed > 0) & self.is_category).astype(np.float64)
        return {
            "accuracy": metrics.accuracy(is_right, weights),
            "macro_f1": (scores * seen).sum(axis=1) / seen.sum(axis=1),
            "weighted_f1": (scores * support).sum(axis=1) / support.sum(axis=1),
            "ece": metrics.expected_calibration_error(self.confidence, is_right, weights),
            "f1": scores,
        }


def weights(group: Words, samples: int, seed: int) -> Iterator[Floats]:
    """Yield row weights (at most _CHUNK, N) of resampled groups."""
    _names, of_row = np.unique(group, return_inverse=True)
    count = int(of_row.max()) + 1
    generator = np.random.default_rng(seed)
    for start in range(0, samples, _CHUNK):
        size = min(_CHUNK, samples - start)
        drawn = generator.multinomial(count, np.full(count, 1 / count), size=size)
        yield drawn[:, of_row].astype(np.float64)


def _difference(rates: Floats, drawn: Floats) -> Difference:
    low, high = np.quantile(drawn[:, 1] - drawn[:, 0], [0.025, 0.975])
    old, new = float(rates[0]), float(rates[1])
    return Difference(old, new, new - old, float(low), float(high))
