import numpy as np
import pytest

from classifier.certify import error_bound
from reviewapp.domain.category_effects import by_category
from reviewapp.domain.costs import Costs
from reviewapp.domain.policy_effect import Sample, effect
from reviewapp.domain.routing import Policy

POLICY = Policy(version=1, accept_at=0.8, audit_rate=0.1, audit_rates={"near": 0.1, "middle": 0.1})
COSTS = Costs(wrong=10.0, review_minute=6.0, review_seconds=10.0)  # a review costs 1


def sample(*rows):
    """rows: (confidence, predicted, true, missing)"""
    confidence, predicted, true, missing = zip(*rows, strict=True)
    return Sample(np.array(confidence), np.array(predicted), np.array(true), missing)


def test_each_category_is_told_what_its_own_promise_takes():
    rows = [(0.9, 10, 10, "")] * 200 + [(0.9, 20, 20, "")] * 50 + [(0.5, 30, 30, "")]

    effects = by_category(sample(*rows), POLICY, COSTS, 100.0, 0.02)

    assert [(one.code, one.labels_missing) for one in effects] == [(10, 0), (20, 99), (30, 149)]
    assert effects[2].error is None


def test_a_category_has_its_own_bound_and_errs_too_often_only_where_that_is_sure():
    rows = [(0.9, 10, 10, "")] * 342 + [(0.9, 10, 20, "")] * 8
    rows += [(0.9, 20, 20, "")] * 340 + [(0.9, 20, 10, "")] * 30 + [(0.5, 30, 30, "")]

    perhaps, surely, nothing = by_category(sample(*rows), POLICY, COSTS, 100.0, 0.02)

    assert (perhaps.labels_missing, perhaps.errs_too_often) == (None, False)
    assert (surely.labels_missing, surely.errs_too_often) == (None, True)
    assert perhaps.bound == pytest.approx(error_bound(8, 350, 0.05))
    assert (nothing.accepted, nothing.bound) == (0, 1.0)


def test_a_category_counted_by_hand():
    rows = [(0.9, 10, 10, "")] * 2 + [(0.9, 10, 20, ""), (0.6, 10, 10, ""), (0.6, 20, 20, "")]

    first = by_category(sample(*rows), POLICY, COSTS, 500.0, 0.02)[0]

    assert (first.code, first.products, first.coverage.value) == (10, 4, 0.75)
    assert first.error.value == pytest.approx(1 / 3)
    # Of five products one in doubt, and a tenth of three is audited; one is wrong at 10.
    assert first.reviews.value == pytest.approx(500 * (1 + 0.3) / 5)
    assert first.hours.value == pytest.approx(first.reviews.value * 10 / 3600)
    assert first.money.value == pytest.approx(500 * (10 + 1 + 0.3) / 5)
    assert first.money.low < first.money.value < first.money.high


def test_the_categories_add_up_to_the_whole():
    generator = np.random.default_rng(7)
    codes = generator.choice([10, 20, 30], 600)
    true = np.where(generator.random(600) < 0.9, codes, 40)
    groups = generator.integers(0, 200, 600)
    known = Sample(generator.uniform(0.5, 1, 600), codes, true, ("",) * 600, {}, groups)

    parts = by_category(known, POLICY, COSTS, 1000.0, 0.02)

    whole = effect(known, POLICY, COSTS, 1000.0)
    for name in ("reviews", "hours", "money"):
        total = sum(getattr(one, name).value for one in parts)
        assert total == pytest.approx(getattr(whole, name).value)
