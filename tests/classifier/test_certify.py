"""A promise must be kept, and must not be empty."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from classifier.certify import (
    error_bound,
    first_tested,
    labels_needed,
    learn_then_test,
    selection_with_guaranteed_risk,
)
from classifier.selection import at_threshold

DELTA = 0.05
RULES = [learn_then_test, selection_with_guaranteed_risk]


def drawn(generator, rows):
    """Calibrated answers with the confidences of a good model: 92 % right."""
    confidence = np.clip(generator.beta(6, 0.55, rows), 0.04, 1.0)
    return confidence, generator.random(rows) < confidence


def broken_promises(rule, rows, target, resplits, seed):
    """Return how often the true selective error passes the target, and the mean coverage."""
    generator = np.random.default_rng(seed)
    world = np.sort(np.clip(generator.beta(6, 0.55, 1_000_000), 0.04, 1.0))
    # Of the accepted share of the world: mean of (1 - confidence), from every place on.
    error_from = np.cumsum((1 - world)[::-1])[::-1] / np.arange(len(world), 0, -1)
    broken, coverage = 0, 0.0
    for _ in range(resplits):
        threshold = rule(*drawn(generator, rows), target, DELTA)
        place = min(int(np.searchsorted(world, threshold)), len(world))
        if place < len(world):
            broken += error_from[place] > target
            coverage += 1 - place / len(world)
    return broken / resplits, coverage / resplits


def promises_given(rows, floor, target, samples, seed):
    """Return how often a promise is given where `floor` of the labels are wrong, whatever the model
    is sure of."""
    generator = np.random.default_rng(seed)
    found = 0
    for _ in range(samples):
        confidence, is_right = drawn(generator, rows)
        is_right &= generator.random(rows) >= floor
        found += learn_then_test(confidence, is_right, target, DELTA).is_given
    return found / samples


def naive(confidence, is_right, target, _delta):
    order = np.argsort(-confidence)
    error = np.cumsum(~is_right[order]) / np.arange(1, len(order) + 1)
    fine = np.flatnonzero(error <= target)
    return confidence[order][fine[-1]] if len(fine) else math.inf


@pytest.mark.parametrize("rule", RULES)
def test_a_promise_is_broken_no_more_often_than_agreed_and_is_not_empty(rule):
    broken, coverage = broken_promises(
        lambda *a: rule(*a).threshold, rows=4000, target=0.02, resplits=1000, seed=20
    )

    # 1,000 splits: chance alone adds 1.6 points at 99 %.
    assert broken <= DELTA + 0.016
    assert coverage > 0.25


def test_the_observed_error_alone_breaks_the_promise_far_more_often():
    broken, _coverage = broken_promises(naive, rows=4000, target=0.02, resplits=300, seed=21)

    assert broken > 0.25


def test_the_bound_is_that_of_clopper_and_pearson():
    bound = error_bound(7, 600, DELTA)

    assert binom.cdf(7, 600, bound) == pytest.approx(DELTA)
    assert error_bound(0, 149, DELTA) < 0.02 < error_bound(0, 148, DELTA)
    assert error_bound(3, 3, DELTA) == error_bound(0, 0, DELTA) == 1.0


@pytest.mark.parametrize(("target", "labels"), [(0.01, 299), (0.02, 149), (0.03, 99), (0.05, 59)])
def test_error_free_samples_of_the_known_sizes_certify(target, labels):
    assert labels_needed(target, DELTA) == labels


@given(st.sampled_from([0.01, 0.02, 0.05, 0.1]), st.floats(0, 0.8))
def test_the_labels_needed_are_the_fewest_that_do(target, share):
    rate = share * target

    labels = labels_needed(target, DELTA, rate)

    assert error_bound(math.ceil(rate * labels - 1e-9), labels, DELTA) <= target
    fewer = labels - 1
    assert error_bound(
        math.floor(rate * fewer), fewer, DELTA
    ) > target or rate * fewer > math.floor(rate * fewer)


def test_a_rate_at_the_target_can_never_be_certified():
    with pytest.raises(ValueError, match="never"):
        labels_needed(0.02, DELTA, 0.02)


def grouped(generator, products, size):
    """Answers to products of which near duplicates are right or wrong together; large groups err
    half as often again as the rest."""
    sizes = np.where(generator.random(products) < 0.1, size, 1)
    sizes = sizes[: np.searchsorted(np.cumsum(sizes), products) + 1]
    sure = np.clip(generator.beta(6, 0.55, len(sizes)), 0.04, 1.0)
    p_wrong = np.where(sizes > 1, 1.2, 0.8) * (1 - sure)
    confidence = np.repeat(sure, sizes) + generator.normal(0, 0.002, sizes.sum())
    is_right = np.repeat(generator.random(len(sizes)) >= p_wrong, sizes)
    return confidence, is_right, np.repeat(np.arange(len(sizes)), sizes)


def broken_of_groups(rule, resplits):
    """Return how often the error of a large world passes the target of 2 %, and the mean coverage."""
    generator = np.random.default_rng(22)
    confidence, is_right, _groups = grouped(generator, 500_000, 8)
    order = np.argsort(-confidence)
    error = np.cumsum(~is_right[order]) / np.arange(1, len(order) + 1)
    falling = -confidence[order]
    broken, coverage = 0, 0.0
    for _ in range(resplits):
        found = rule(*grouped(generator, 8000, 8))
        accepted = int(np.searchsorted(falling, -found.threshold, side="right"))
        broken += accepted > 0 and error[accepted - 1] > 0.02
        coverage += accepted / len(order)
    return broken / resplits, coverage / resplits


def test_a_promise_holds_where_near_duplicates_are_wrong_together():
    def own(confidence, is_right, groups):
        return learn_then_test(confidence, is_right, 0.02, DELTA, groups)

    def blind(confidence, is_right, _groups):
        return learn_then_test(confidence, is_right, 0.02, DELTA)

    (broken, coverage), (broken_blind, _) = (broken_of_groups(one, 200) for one in (own, blind))

    # 200 splits: chance alone adds 3.6 points at 99 %.
    assert broken <= DELTA + 0.036
    assert coverage > 0.25
    assert broken_blind > 2 * DELTA


def test_products_without_near_duplicates_are_promised_the_same_with_and_without_groups():
    confidence, is_right = drawn(np.random.default_rng(4), 4000)

    own = learn_then_test(confidence, is_right, 0.02, DELTA, np.arange(4000)[::-1])

    assert own == learn_then_test(confidence, is_right, 0.02, DELTA)
    assert own.independent == own.accepted


def test_a_thousand_products_are_enough_for_a_promise_most_of_the_time():
    generator = np.random.default_rng(23)
    given_ = [learn_then_test(*drawn(generator, 1000), 0.02, DELTA) for _ in range(100)]

    assert np.mean([one.is_given for one in given_]) > 0.5


def test_a_few_wrong_labels_among_the_surest_do_not_end_a_promise_that_many_labels_would_keep():
    assert promises_given(8000, 0.006, target=0.02, samples=60, seed=24) > 0.9


def test_the_test_begins_with_a_fifth_of_many_products_and_with_enough_of_few():
    confidence = np.linspace(0.5, 1, 8000)

    sizes = [len(first_tested(confidence[:rows], 0.02, DELTA)) for rows in (8000, 1000, 200)]

    assert sizes == [1600, labels_needed(0.02, DELTA, 0.005), 200]


@pytest.mark.parametrize("rule", RULES)
def test_too_few_products_promise_nothing(rule):
    confidence, is_right = np.linspace(0.5, 1, 100), np.ones(100, dtype=bool)

    assert not rule(confidence, is_right, 0.02, DELTA).is_given
    assert not rule(confidence[:0], is_right[:0], 0.02, DELTA).is_given


@pytest.mark.parametrize("rule", RULES)
def test_the_certificate_says_what_its_threshold_accepts(rule):
    confidence, is_right = drawn(np.random.default_rng(4), 8000)

    given_ = rule(confidence, is_right, 0.02, DELTA)

    point = at_threshold(confidence, is_right, given_.threshold)
    assert (given_.accepted, given_.coverage) == (point.accepted, point.coverage)
    assert given_.wrong == round((1 - point.accuracy) * point.accepted)
    assert given_.wrong / given_.accepted < given_.bound <= 0.02


def test_a_small_error_free_sample_is_taken_whole():
    confidence, is_right = np.linspace(0.5, 1, 200), np.ones(200, dtype=bool)

    given_ = learn_then_test(confidence, is_right, 0.02, DELTA)

    assert (given_.threshold, given_.coverage) == (0.5, 1.0)


def test_mapies_controller_agrees():
    from mapie.risk_control import BinaryClassificationController

    confidence, is_right = drawn(np.random.default_rng(5), 4000)
    grid = np.quantile(confidence, np.linspace(0, 0.9, 40))
    controller = BinaryClassificationController(
        predict_function=lambda x: np.column_stack([1 - x[:, 0], x[:, 0]]),
        risk="precision",
        target_level=0.98,
        confidence_level=1 - DELTA,
        best_predict_param_choice="recall",
        list_predict_params=grid,
    )
    controller.calibrate(confidence[:, None], is_right.astype(int))

    ours = learn_then_test(confidence, is_right, 0.02, DELTA)

    # Both promise the same of their thresholds; a fixed sequence gives away no coverage for it.
    theirs = float(controller.best_predict_param)
    valid = np.asarray(controller.valid_predict_params, dtype=float)
    assert ours.threshold <= theirs + 1e-9
    for threshold in valid:
        point = at_threshold(confidence, is_right, threshold)
        wrong = round((1 - point.accuracy) * point.accepted)
        assert error_bound(wrong, point.accepted, DELTA) <= 0.02
