"""The thresholds of the gate, and what each of its tests has found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from reviewapp.choices import GateTest, GateVerdict
from reviewapp.domain import policy_effect
from reviewapp.domain.intervals import Interval


@dataclass(frozen=True, slots=True)
class GateRules:
    """The thresholds. Losses are in shares: 0.003 is 0.3 percentage points.

    macro_f1_loss: the paired difference must surely lie above minus this
    category_loss: no category's F1 may surely have fallen by more
    negative_flips: share of products that were right and are wrong now
    ece: calibration error that is good enough, whatever the champion's is
    latency_ms: of FUSION for one product, 95 % of products within it
    fairness_bound: how many times the overall error and waiting a group may have
    level: the chance that each statistical test errs; category and group tests share it
    better_level: the same of the test for a gain: champions are challenged again and again, and of
    200 equal candidates at most ten may look better, which 5 % would exceed every other time
    fewest_per_category, fewest_per_group: products below which nothing is judged
    """

    macro_f1_loss: float = 0.003
    category_loss: float = 0.02
    negative_flips: float = 0.015
    ece: float = 0.02
    latency_ms: float = 500.0
    fairness_bound: float = 2.0
    level: float = 0.05
    better_level: float = 0.025
    fewest_per_category: int = policy_effect.FEWEST_PER_CATEGORY
    fewest_per_group: int = 200
    samples: int = 2000


@dataclass(frozen=True, slots=True)
class GroupShare:
    """One group's share of a harm under the candidate, beside all products' and the champion's.

    name: as "error:language:fr"; old: None where the champion's sample has none of the group
    is_beyond: surely larger than the bound allows, which fails only if the champion served it better
    """

    name: str
    rate: Interval
    overall: float
    old: float | None
    is_beyond: bool = False

    @property
    def ratio(self) -> float:
        return self.rate.value / self.overall if self.overall > 0 else 1.0

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `dataclasses.asdict` made of it."""
        return cls(**{**stored, "rate": Interval(**stored["rate"])})


@dataclass(frozen=True, slots=True)
class GateResult:
    """One test of the gate.

    number: what was measured; low, high: its 95 % interval, where there is one
    threshold: what it is held against; the number must not lie beyond it
    old: the champion's own number, where it has one
    failed: which categories (codes) or groups ("language:fr") are beyond it; unjudged: which of
        them have too few products
    groups: every group's share of the two harms, where the test is about groups
    """

    test: GateTest
    number: float | None
    threshold: float
    verdict: GateVerdict
    low: float | None = None
    high: float | None = None
    old: float | None = None
    failed: Sequence[str] = field(default_factory=list)
    unjudged: Sequence[str] = field(default_factory=list)
    groups: Sequence[GroupShare] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` wrote."""
        words = {"test": GateTest(stored["test"]), "verdict": GateVerdict(stored["verdict"])}
        # Reports of earlier versions have none.
        groups = [GroupShare.from_json(one) for one in stored.get("groups", [])]
        return cls(**{**stored, **words, "groups": groups})


def verdict(*, is_met: bool) -> GateVerdict:
    """Return the verdict of a test that could be judged."""
    return GateVerdict.PASSED if is_met else GateVerdict.FAILED


def verdict_of(results: Iterable[GateResult]) -> GateVerdict:
    """Return what all tests say together: one that fails is enough to refuse."""
    verdicts = {result.verdict for result in results}
    for verdict in (GateVerdict.FAILED, GateVerdict.NOT_JUDGED):
        if verdict in verdicts:
            return verdict
    return GateVerdict.PASSED
