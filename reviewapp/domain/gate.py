"""The gate: may a candidate take the champion's place? Pure; see decision 14.

Each test has its number, its threshold and its verdict. What the sample cannot tell is said to be
not judged: it neither stops a candidate nor lets it pass unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy.special import ndtr

from reviewapp.choices import GateTest, GateVerdict, MemberChoice
from reviewapp.domain import gate_fairness as fairness
from reviewapp.domain import paired, policy_effect
from reviewapp.domain.answers import AnswerSheet
from reviewapp.domain.costs import Costs
from reviewapp.domain.gate_result import GateResult, GateRules, verdict
from reviewapp.domain.intervals import share
from reviewapp.domain.paired import Pair, Resampled
from reviewapp.domain.policy_effect import Bools, Floats
from reviewapp.domain.routing import Policy

_SEED: Final = 0


def judge(
    champion: AnswerSheet,
    candidate: AnswerSheet,
    policies: tuple[Policy, Policy],
    costs: Costs,
    rules: GateRules,
    groups: Mapping[str, Bools] | None = None,
) -> list[GateResult]:
    """Return all tests of `candidate` against `champion` on the same products, by FUSION's answers.

    policies: the rules that the champion lists by, and those that the candidate would
    groups: the declared groups as masks (N,); by default those that the answers alone tell
    Raises paired.NotPaired.
    """
    both = paired.pair(champion, candidate, MemberChoice.FUSION)
    drawn = paired.resample(both, samples=rules.samples, seed=_SEED)
    if groups is None:
        groups = fairness.declared_groups(candidate, {}, None)
    return [
        _macro_f1(drawn, rules),
        _cost(both, champion, candidate, policies[1], costs, rules),
        _categories(drawn, rules),
        _negative_flips(both, rules),
        _calibration(drawn, rules),
        _latency(champion, candidate, rules),
        *fairness.judge((champion, candidate), policies, groups, rules),
    ]


def cost_gain(
    both: Pair, old: AnswerSheet, new: AnswerSheet, policy: Policy, costs: Costs
) -> Floats:
    """Return what each product costs less with the new version (N,), in the unit of `costs`.

    Both list by the thresholds of least cost on their own confidences: a version must not look
    better because the thresholds in force were made for it.
    """
    cheapest = policy_effect.cheapest(policy, costs)
    spent = []
    for sheet in (old, new):
        sample = sheet.sample(MemberChoice.FUSION)
        listed = policy_effect.listed_by(sample, cheapest)
        is_wrong = (~sample.is_right).astype(np.float64)
        spent.append(policy_effect.paid(sample, listed, cheapest, costs, is_wrong))
    gain: Floats = spent[0] - spent[1]
    return gain


def _macro_f1(drawn: Resampled, rules: GateRules) -> GateResult:
    found = drawn.difference("macro_f1")
    bound = drawn.lower_bound("macro_f1", rules.level)
    return GateResult(
        GateTest.MACRO_F1,
        number=bound,
        threshold=-rules.macro_f1_loss,
        verdict=verdict(is_met=bound > -rules.macro_f1_loss),
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
        threshold=rules.better_level,
        verdict=verdict(is_met=p_value <= rules.better_level),
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
        verdict=verdict(is_met=not any(down)),
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
        verdict=verdict(is_met=flips.value <= rules.negative_flips),
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
        verdict=verdict(is_met=found.new <= rules.ece or not is_worse),
        old=found.old,
    )


def _latency(champion: AnswerSheet, candidate: AnswerSheet, rules: GateRules) -> GateResult:
    number, old = (float(np.quantile(one.latency_ms, 0.95)) for one in (candidate, champion))
    return GateResult(
        GateTest.LATENCY,
        number=number,
        threshold=rules.latency_ms,
        verdict=verdict(is_met=number <= rules.latency_ms),
        old=old,
    )
