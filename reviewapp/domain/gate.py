"""The gate: may a candidate take the champion's place? Pure; see decision 14.

Each test has its number, its threshold and its verdict. What the sample cannot tell is said to be
not judged: it neither stops a candidate nor lets it pass unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

import numpy as np
from scipy.special import ndtr, ndtri

from reviewapp.choices import GateTest, GateVerdict, MemberChoice
from reviewapp.domain import paired, policy_effect
from reviewapp.domain.answers import AnswerSheet
from reviewapp.domain.costs import Costs
from reviewapp.domain.intervals import share
from reviewapp.domain.paired import Pair, Resampled
from reviewapp.domain.policy_effect import Bools, Floats
from reviewapp.domain.routing import Policy

_SEED: Final = 0


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
    fewest_per_category, fewest_per_group: products below which nothing is judged
    """

    macro_f1_loss: float = 0.003
    category_loss: float = 0.02
    negative_flips: float = 0.015
    ece: float = 0.02
    latency_ms: float = 500.0
    fairness_bound: float = 2.0
    level: float = 0.05
    fewest_per_category: int = policy_effect.FEWEST_PER_CATEGORY
    fewest_per_group: int = 200
    samples: int = 2000


@dataclass(frozen=True, slots=True)
class GateResult:
    """One test of the gate.

    number: what was measured; low, high: its 95 % interval, where there is one
    threshold: what it is held against; the number must not lie beyond it
    old: the champion's own number, where it has one
    failed: which categories (codes) or groups ("language:fr") are beyond it; unjudged: which of
        them have too few products
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

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"failed": list(self.failed), "unjudged": list(self.unjudged)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` wrote."""
        words = {"test": GateTest(stored["test"]), "verdict": GateVerdict(stored["verdict"])}
        return cls(**{**stored, **words})


def judge(
    champion: AnswerSheet, candidate: AnswerSheet, policy: Policy, costs: Costs, rules: GateRules
) -> list[GateResult]:
    """Return all tests of `candidate` against `champion` on the same products, by FUSION's answers.

    policy: the rules that the candidate would list by. Raises paired.NotPaired.
    """
    both = paired.pair(champion, candidate, MemberChoice.FUSION)
    drawn = paired.resample(both, samples=rules.samples, seed=_SEED)
    return [
        _macro_f1(drawn, rules),
        _cost(both, champion, candidate, policy, costs, rules),
        _categories(drawn, rules),
        _negative_flips(both, rules),
        _calibration(drawn, rules),
        _latency(champion, candidate, rules),
        _fairness(candidate, policy, rules),
    ]


def verdict_of(results: Iterable[GateResult]) -> GateVerdict:
    """Return what all tests say together: one that fails is enough to refuse."""
    verdicts = {result.verdict for result in results}
    for verdict in (GateVerdict.FAILED, GateVerdict.NOT_JUDGED):
        if verdict in verdicts:
            return verdict
    return GateVerdict.PASSED


def cost_gain(
    both: Pair, old: AnswerSheet, new: AnswerSheet, policy: Policy, costs: Costs
) -> Floats:
    """Return what each product costs less with the new version (N,), in the unit of `costs`.

    Both list by the thresholds of least cost on their own confidences: a version must not look
    better because the thresholds in force were made for it.
    """
    cheapest = policy_effect.cheapest(policy, costs, list(costs.by_category))
    spent = []
    for sheet in (old, new):
        sample = sheet.sample(MemberChoice.FUSION)
        listed = policy_effect.listed_by(sample, cheapest)
        is_wrong = (~sample.is_right).astype(np.float64)
        spent.append(policy_effect.paid(sample, listed, cheapest, costs, is_wrong))
    gain: Floats = spent[0] - spent[1]
    return gain


def _verdict(*, is_met: bool) -> GateVerdict:
    return GateVerdict.PASSED if is_met else GateVerdict.FAILED


def _macro_f1(drawn: Resampled, rules: GateRules) -> GateResult:
    found = drawn.difference("macro_f1")
    bound = drawn.lower_bound("macro_f1", rules.level)
    return GateResult(
        GateTest.MACRO_F1,
        number=bound,
        threshold=-rules.macro_f1_loss,
        verdict=_verdict(is_met=bound > -rules.macro_f1_loss),
        low=found.low,
        high=found.high,
        old=found.old,
    )


def _cost(
    both: Pair,
    old: AnswerSheet,
    new: AnswerSheet,
    policy: Policy,
    costs: Costs,
    rules: GateRules,
) -> GateResult:
    gain = cost_gain(both, old, new, policy, costs)
    p_value = paired.better_by_chance(gain, both.group, samples=rules.samples, seed=_SEED)
    return GateResult(
        GateTest.COST,
        number=p_value,
        threshold=rules.level,
        verdict=_verdict(is_met=p_value <= rules.level),
    )


def _categories(drawn: Resampled, rules: GateRules) -> GateResult:
    is_judged = drawn.support >= rules.fewest_per_category
    places = np.flatnonzero(is_judged)
    few = drawn.codes[(drawn.support > 0) & ~is_judged]
    unjudged = [str(code) for code in few.tolist()]
    if not len(places):
        return GateResult(
            GateTest.CATEGORIES,
            number=None,
            threshold=-rules.category_loss,
            verdict=GateVerdict.NOT_JUDGED,
            unjudged=unjudged,
        )
    falls = (drawn.f1[1] - drawn.f1[0])[places]
    spread = (drawn.f1_drawn[:, 1] - drawn.f1_drawn[:, 0])[:, places].std(axis=0)
    # If the category had lost no more than allowed, so low a difference had this probability.
    p_values = [
        _below(fall + rules.category_loss, one) for fall, one in zip(falls, spread, strict=True)
    ]
    down = paired.holm(p_values, rules.level)
    worst = drawn.category(int(places[int(falls.argmin())]))
    return GateResult(
        GateTest.CATEGORIES,
        number=worst.value,
        threshold=-rules.category_loss,
        verdict=_verdict(is_met=not any(down)),
        low=worst.low,
        high=worst.high,
        failed=[
            str(drawn.codes[place]) for place, is_down in zip(places, down, strict=True) if is_down
        ],
        unjudged=unjudged,
    )


def _below(distance: float, spread: float) -> float:
    """Return the normal probability of lying so far (or farther) below zero by chance."""
    if spread == 0:
        return 0.0 if distance < 0 else 1.0
    return float(ndtr(distance / spread))


def _negative_flips(both: Pair, rules: GateRules) -> GateResult:
    flips = share(int(both.negative_flips.sum()), len(both))
    return GateResult(
        GateTest.NEGATIVE_FLIPS,
        number=flips.value,
        threshold=rules.negative_flips,
        verdict=_verdict(is_met=flips.value <= rules.negative_flips),
        low=flips.low,
        high=flips.high,
    )


def _calibration(drawn: Resampled, rules: GateRules) -> GateResult:
    found = drawn.difference("ece")
    is_worse = drawn.lower_bound("ece", rules.level) > 0
    return GateResult(
        GateTest.CALIBRATION,
        number=found.new,
        threshold=rules.ece,
        verdict=_verdict(is_met=found.new <= rules.ece or not is_worse),
        old=found.old,
    )


def _latency(champion: AnswerSheet, candidate: AnswerSheet, rules: GateRules) -> GateResult:
    number, old = (float(np.quantile(one.latency_ms, 0.95)) for one in (candidate, champion))
    return GateResult(
        GateTest.LATENCY,
        number=number,
        threshold=rules.latency_ms,
        verdict=_verdict(is_met=number <= rules.latency_ms),
        old=old,
    )


def _fairness(candidate: AnswerSheet, policy: Policy, rules: GateRules) -> GateResult:
    """Hold each group's error among listed products, and its share of reviews, against the bound."""
    sample = candidate.sample(MemberChoice.FUSION)
    listed = policy_effect.listed_by(sample, policy)
    groups = _groups(candidate)
    harms = {"error": (listed, ~sample.is_right), "waiting": (np.ones(len(sample), bool), ~listed)}
    judged: dict[str, tuple[float, float]] = {}
    unjudged: list[str] = []
    # Bonferroni: Wilson's bounds have no p-values to sort.
    z = -float(ndtri(rules.level / max(len(groups) * len(harms), 1)))
    for harm, (among, is_hit) in harms.items():
        overall = float(is_hit[among].mean()) if among.any() else 0.0
        for name, own in groups.items():
            number = int((own & among).sum())
            if number < rules.fewest_per_group:
                unjudged.append(f"{harm}:{name}")
            elif overall > 0:
                rate = share(int((own & among & is_hit).sum()), number, z)
                judged[f"{harm}:{name}"] = (rate.value / overall, rate.low / overall)
    failed = [name for name, (_ratio, low) in judged.items() if low > rules.fairness_bound]
    verdict = _verdict(is_met=not failed)
    if unjudged and not failed:
        verdict = GateVerdict.NOT_JUDGED
    worst = max(judged.values(), default=None)
    return GateResult(
        GateTest.FAIRNESS,
        number=worst[0] if worst else None,
        threshold=rules.fairness_bound,
        verdict=verdict,
        failed=failed,
        unjudged=unjudged,
    )


def _groups(sheet: AnswerSheet) -> dict[str, Bools]:
    """Return the groups of each kind that has more than one, as masks (N,)."""
    groups: dict[str, Bools] = {}
    for kind in ("missing", "language", "seller"):
        column = getattr(sheet, kind)
        values = np.unique(column).tolist()
        if len(values) > 1:
            groups |= {f"{kind}:{value}": column == value for value in values}
    return groups
