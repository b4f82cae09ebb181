import json

import numpy as np
import pytest
from scipy import stats

from reviewapp.choices import DriftTest
from reviewapp.domain import drift, label_shift
from reviewapp.domain.drift import Cloud, Finding, Reference
from tests.drift_world import CATEGORIES, CHANGED, STABLE, World, delay, draw, false_alarms


def test_200_stable_windows_hardly_ever_raise_an_alarm():
    assert false_alarms(40, np.random.default_rng(3))[None] <= 2


@pytest.mark.parametrize("name", CHANGED)
def test_a_change_is_found_within_a_thousand_products(name):
    found = delay(CHANGED[name], np.random.default_rng(5))

    assert found is not None
    assert found[0] <= 1000


def test_a_reference_is_the_same_after_it_was_stored():
    generator = np.random.default_rng(0)
    held = Reference.of(draw(STABLE, 500, generator).arrivals)
    window = draw(STABLE, 500, generator).arrivals

    stored = Reference.from_json(json.loads(json.dumps(held.as_json())))

    assert drift.compare(stored, window) == drift.compare(held, window)


def test_a_finding_is_the_same_after_it_was_stored():
    generator = np.random.default_rng(0)
    held = Reference.of(draw(STABLE, 500, generator).arrivals)
    findings = drift.compare(held, draw(STABLE, 500, generator).arrivals)

    stored = json.loads(json.dumps([one.as_json() for one in findings]))

    assert [Finding.from_json(one) for one in stored] == findings


def test_too_few_values_are_not_tested():
    generator = np.random.default_rng(0)
    held = Reference.of(draw(STABLE, 500, generator).arrivals)

    findings = drift.compare(held, draw(STABLE, drift.ENOUGH - 1, generator).arrivals)

    assert [one.p_value for one in findings] == [None] * 9


def test_what_moved_is_named_with_its_products():
    generator = np.random.default_rng(0)
    held = Reference.of(draw(STABLE, 2000, generator).arrivals)
    window = draw(World(english=0.3), 1000, generator).arrivals

    found = {one.test: one for one in drift.compare(held, window)}[DriftTest.LANGUAGE]

    english = next(one for one in found.movers if one.name == "en")
    assert found.is_drifted
    assert english.before < 0.1 < 0.2 < english.after
    assert {window.words[DriftTest.LANGUAGE][at] for at in english.products} == {"en"}


def test_hotelling_in_one_dimension_is_students_test():
    generator = np.random.default_rng(1)
    first, second = generator.normal(0, 1, (80, 1)), generator.normal(0.3, 1, (60, 1))

    clouds = [Cloud(len(x), x.mean(axis=0), np.atleast_2d(np.cov(x.T))) for x in (first, second)]
    statistic, p_value = drift.hotelling(*clouds)

    expected = stats.ttest_ind(first[:, 0], second[:, 0])
    assert statistic == pytest.approx(expected.statistic**2)
    assert p_value == pytest.approx(expected.pvalue)


def test_hotelling_agrees_with_permutations():
    generator = np.random.default_rng(2)
    first, second = generator.normal(0, 1, (60, 4)), generator.normal(0.3, 1, (60, 4))
    pooled = np.vstack([first, second])

    def statistic(order):
        return drift.hotelling(Cloud.of(pooled[order[:60]]), Cloud.of(pooled[order[60:]]))[0]

    seen, p_value = drift.hotelling(Cloud.of(first), Cloud.of(second))
    shuffled = [statistic(generator.permutation(120)) for _ in range(1000)]

    assert np.mean(np.array(shuffled) >= seen) == pytest.approx(p_value, abs=0.03)


def test_the_mix_is_found_from_probabilities_alone():
    generator = np.random.default_rng(4)
    labels = list(range(CATEGORIES))
    trained = label_shift.smoothed_shares(draw(STABLE, 5000, generator).true, labels)
    world = World(priors=STABLE.priors[::-1])
    batch = draw(world, 2000, generator)

    found = label_shift.estimate_priors(batch.probabilities, trained)

    assert found.sum() == pytest.approx(1)
    assert np.abs(found - world.priors).sum() <= 0.12
    assert np.abs(found - world.priors).sum() < np.abs(trained - world.priors).sum() / 4


def test_the_mix_of_two_categories_is_the_most_likely_one():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.95, 0.05]])
    trained = np.array([0.5, 0.5])

    found = label_shift.estimate_priors(probabilities, trained)

    grid = np.linspace(0.001, 0.999, 999)
    likelihood = [
        np.log(probabilities @ (np.array([one, 1 - one]) / trained)).sum() for one in grid
    ]
    assert found[0] == pytest.approx(grid[int(np.argmax(likelihood))], abs=0.002)


def test_probabilities_that_were_not_stored_are_shared_out():
    rows = label_shift.spread([[[10, 0.7], [20, 0.2]]], [10, 20, 30, 40])

    assert rows[0].tolist() == pytest.approx([0.7, 0.2, 0.05, 0.05])


def test_expected_accuracy_is_near_the_true_one_when_the_mix_changes():
    generator = np.random.default_rng(6)
    held = draw(STABLE, 5000, generator)
    at = label_shift.accuracy_threshold(held.probabilities.max(axis=1), held.is_right)
    batch = draw(World(priors=STABLE.priors[::-1]), 2000, generator)

    expected = (batch.probabilities.max(axis=1) >= at).mean()

    assert expected == pytest.approx(batch.is_right.mean(), abs=0.04)
