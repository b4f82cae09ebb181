"""Random draws that a seed and a name repeat exactly, on every machine and Python version."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws named by its key: Draw(seed, index, "text").

    Everything is derived from `random.Random.random()`, the one method whose sequence Python
    promises to keep for a seed; `choice` and `shuffle` carry no such promise.
    """

    def __init__(self, *key: int | str) -> None:
        self._random = random.Random(":".join(map(str, key)))  # noqa: S311 - demo content

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        return low + (high - low) * self._random.random()

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def between(self, low: int, high: int, step: int = 1) -> int:
        """A whole number of {low, low + step, ...} that is not above `high`."""
        return low + step * int(self._random.random() * ((high - low) // step + 1))

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self._random.random() * len(values))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One key, with probability proportional to its weight."""
        rest = self._random.random() * sum(weights.values())
        for key, weight in weights.items():
            rest -= weight
            if rest < 0:
                return key
        return key

    def shuffled(self, values: Sequence[T]) -> list[T]:
        return sorted(values, key=lambda _: self._random.random())
