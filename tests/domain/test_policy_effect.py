import math
from dataclasses import replace

import numpy as np
import pytest

from classifier.certify import labels_needed
from reviewapp.domain import policy_effect
from reviewapp.domain.costs import Costs
from reviewapp.domain.policy_effect import Sample
from reviewapp.domain.routing import Policy

POLICY = Policy(version=1, accept_at=0.8, audit_rate=0.1, audit_rates={"near": 0.1, "middle": 0.1})
COSTS = Costs(wrong=10.0, review_minute=6.0, review_seconds=10.0)  # a review costs 1


def sample(*rows):
    """rows: (confidence, predicted, true, missing)"""
    confidence, predicted, true, missing = zip(*rows, strict=True)
    return Sample(np.array(confidence), np.array(predicted), np.array(true), missing)


def calibrated(rows, seed, categories=(10, 20)):
    generator = np.random.default_rng(seed)
    confidence = np.clip(generator.beta(6, 0.6, rows), 0.04, 1.0)
    predicted = generator.choice(categories, rows)
    is_right = generator.random(rows) < confidence
    return Sample(confidence, predicted, np.where(is_right, predicted, 99), ("",) * rows)


FOUR = sample((0.9, 10, 10, ""), (0.85, 10, 20, ""), (0.7, 20, 20, ""), (0.95, 20, 20, "image"))


def test_the_effect_of_a_case_counted_by_hand():
    effect = policy_effect.effect(FOUR, POLICY, COSTS, arrivals=400)

    assert (effect.coverage.value, effect.error.value) == (0.75, pytest.approx(1 / 3))
    assert (effect.accepted, effect.wrong) == (3, 1)
    # A quarter in doubt, a tenth of the rest audited.
    assert effect.reviews.value == pytest.approx(400 * (0.25 + 0.075))
    assert effect.hours.value == pytest.approx(effect.reviews.value * 10 / 3600)
    # One wrong listing at 10, one review at 1, three audits at a tenth of 1.
    assert effect.money.value == pytest.approx(400 * (10 + 1 + 0.3) / 4)


def test_a_missing_picture_can_need_more_confidence():
    policy = replace(POLICY, missing_thresholds={"image": 0.97})

    assert policy_effect.listed_by(FOUR, policy).tolist() == [True, True, False, False]


def test_a_category_can_have_a_threshold_of_its_own():
    policy = replace(POLICY, thresholds={10: 0.88, 20: 0.6})

    assert policy_effect.listed_by(FOUR, policy).tolist() == [True, False, True, True]


def test_by_hand_nothing_is_listed_and_each_product_costs_a_review():
    manual = policy_effect.all_manual(FOUR, POLICY)

    effect = policy_effect.effect(FOUR, manual, COSTS, arrivals=4)

    assert (effect.coverage.value, effect.error, effect.bound) == (0.0, None, 1.0)
    assert effect.money.value == pytest.approx(4.0)


def test_the_cheapest_policy_costs_no_more_than_any_flat_one():
    known = calibrated(20_000, seed=1)
    costs = replace(COSTS, by_category={10: 40.0})
    cheapest = policy_effect.cheapest(POLICY, costs)

    paid = policy_effect.effect(known, cheapest, costs, 1.0)

    assert cheapest.thresholds == {10: pytest.approx(1 - 1 / 40)}
    for at in (0.0, 0.5, 0.8, 0.9, 0.95, math.inf):
        flat = policy_effect.flat(POLICY, at)
        assert paid.money.value <= policy_effect.effect(known, flat, costs, 1.0).money.value * 1.01


def test_audits_cost_what_the_stratum_of_each_product_says():
    policy = replace(POLICY, audit_rate=0.01, audit_rates={"near": 0.4, "middle": 0.2})
    # Half of the way from 0.8 to certainty, nine tenths of it, and beyond; the last needs 1.
    known = sample(*((at, 10, 10, "") for at in (0.85, 0.95, 0.99)), (1.0, 20, 20, ""))

    effect = policy_effect.effect(known, replace(policy, thresholds={20: 1.0}), COSTS, arrivals=400)

    assert effect.reviews.value == pytest.approx(400 * (0.4 + 0.2 + 0.01 + 0.01) / 4)


def test_a_certified_policy_is_stricter_by_the_same_odds_everywhere_and_keeps_its_promise():
    known = calibrated(8000, seed=3)
    loose = replace(POLICY, accept_at=0.5, thresholds={10: 0.7})

    promise = policy_effect.certified(known, loose, 0.02)

    tight = promise.policy
    odds = [p / (1 - p) for p in (0.5, tight.accept_at, 0.7, tight.thresholds[10])]
    assert odds[1] / odds[0] == pytest.approx(odds[3] / odds[2], rel=1e-3)
    effect = policy_effect.effect(known, tight, COSTS, 1.0)
    assert effect.bound == pytest.approx(promise.certificate.bound, abs=1e-4)
    assert promise.certificate.bound <= 0.02
    assert promise.certificate.coverage == pytest.approx(effect.coverage.value, abs=1e-3)
    assert effect.coverage.value > 0.2


def test_a_small_sample_promises_nothing_and_says_how_much_is_missing():
    rows = [(0.99, 10, 10, "")] * 40

    promise = policy_effect.certified(sample(*rows), POLICY, 0.02)

    assert (promise.policy, promise.labels_missing) == (None, 149 - 40)


def test_near_duplicates_say_less_of_errors_and_a_promise_takes_more_of_them():
    known = calibrated(2000, seed=3)
    five = replace(
        known, **{name: np.repeat(getattr(known, name), 5) for name in ("confidence", "predicted", "true")},
        missing=("",) * 10_000, duplicates=np.repeat(np.arange(2000), 5),
    )  # fmt: skip

    alone, together = (policy_effect.effect(one, POLICY, COSTS, 1.0) for one in (known, five))
    promises = [policy_effect.certified(one, POLICY, 0.02) for one in (known, five)]

    assert together.error.sample == 5 * alone.error.sample
    assert (together.error.low, together.error.high, together.bound) == pytest.approx(
        (alone.error.low, alone.error.high, alone.bound)
    )
    assert (together.coverage.low, together.coverage.high) == pytest.approx(
        (alone.coverage.low, alone.coverage.high)
    )
    assert promises[1].policy.accept_at == promises[0].policy.accept_at
    small = replace(five, **{name: getattr(five, name)[:100] for name in ("confidence", "predicted", "true", "missing", "duplicates")})  # fmt: skip
    right = replace(small, confidence=np.full(100, 0.99), true=small.predicted)
    assert policy_effect.certified(right, POLICY, 0.02).labels_missing == 5 * 149 - 100


def test_answers_that_err_too_often_can_never_be_certified():
    rows = [(0.99, 10, 10, "")] * 40 + [(0.99, 10, 20, "")] * 4

    promise = policy_effect.certified(sample(*rows), POLICY, 0.02)

    assert (promise.policy, promise.labels_missing) == (None, None)
    assert promise.errs_too_often


def test_mistakes_that_may_be_chance_are_a_question_of_more_labels():
    rows = [(0.99, 10, 10, "")] * 40 + [(0.99, 10, 20, "")]

    promise = policy_effect.certified(sample(*rows), POLICY, 0.02)

    assert (promise.policy, promise.labels_missing) == (None, labels_needed(0.02, 0.05, 0.005) - 41)


def surest_then(wrong_first, of_first, wrong_rest, of_rest):
    """Products of which the surest `of_first` are those that the test of a promise begins with."""
    first = [(0.99, 10, 10 if place >= wrong_first else 20, "") for place in range(of_first)]
    rest = [(0.9, 10, 10 if place >= wrong_rest else 20, "") for place in range(of_rest)]
    return sample(*first, *rest)


def test_the_surest_products_say_how_many_labels_are_missing():
    promise = policy_effect.certified(surest_then(5, 405, 40, 400), POLICY, 0.02)

    assert promise.policy is None
    assert promise.labels_missing == labels_needed(0.02, 0.05, 5 / 405) - 405


def test_without_a_promise_labels_are_missing_though_all_products_together_would_pass():
    known = surest_then(5, 350, 2, 650)

    promise = policy_effect.certified(known, POLICY, 0.02)

    assert policy_effect.effect(known, POLICY, COSTS, 1.0).bound < 0.02
    assert promise.policy is None
    assert promise.labels_missing == labels_needed(0.02, 0.05, 5 / 350) - 350


def test_where_the_surest_were_wrong_too_often_perhaps_by_chance_nothing_is_said_of_labels():
    promise = policy_effect.certified(surest_then(8, 350, 0, 10), POLICY, 0.02)

    assert (promise.labels_missing, promise.errs_too_often) == (None, False)
