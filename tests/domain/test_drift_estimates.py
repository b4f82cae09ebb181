import json

import numpy as np
import pytest

from reviewapp.choices import DriftTest
from reviewapp.domain import drift
from reviewapp.domain.drift_estimates import Estimates, Normal, compare_estimates
from tests.drift_world import CATEGORIES, STABLE, World, draw, reference, stored

LABELS = list(range(CATEGORIES))


def estimated(world, held, generator, size=drift.WINDOW):
    batch = draw(world, size, generator)
    confidence = batch.arrivals.numbers[DriftTest.CONFIDENCE]
    return Estimates.of(stored(batch.probabilities), held.normal.shares, confidence, held.sure_at)


def test_a_stable_mix_has_no_small_p_values_even_with_few_known_products():
    generator = np.random.default_rng(1)
    found = []
    for _ in range(30):
        held = draw(STABLE, 500, generator)
        normal = Normal.of_labels(held.true, LABELS, 0.9)
        now = stored(draw(STABLE, drift.WINDOW, generator).probabilities)
        mix, _right = compare_estimates(
            normal, Estimates(now, normal.shares, normal.shares, 900), LABELS
        )
        found.append(mix.p_value)

    assert np.median(found) > 0.35
    assert min(found) > drift.LEVEL


def test_a_mix_that_moved_is_found_with_its_categories():
    generator = np.random.default_rng(2)
    held = reference(generator)
    moved = World(priors=STABLE.priors * 0.67 + 0.33 * STABLE.priors[::-1])

    mix, _right = compare_estimates(held.normal, estimated(moved, held, generator), LABELS)

    assert mix.is_drifted
    assert {"0", "26"} & {one.name for one in mix.movers}


def test_fewer_that_should_be_right_are_found_and_more_are_no_alarm():
    generator = np.random.default_rng(3)
    held = reference(generator)
    blurred = estimated(World(noise=1.5), held, generator)
    sharp = estimated(World(noise=0.5), held, generator)

    worse = compare_estimates(held.normal, blurred, LABELS)[1]
    better = compare_estimates(held.normal, sharp, LABELS)[1]

    assert worse.is_drifted
    assert worse.after < worse.before == held.normal.right
    assert better.after > better.before
    assert not better.is_drifted


def test_estimates_can_be_the_normal_of_later_ones_whatever_the_order_of_categories():
    generator = np.random.default_rng(4)
    held = reference(generator)
    moved = World(priors=STABLE.priors[::-1])
    first, later = (estimated(moved, held, generator) for _ in range(2))

    kept = json.loads(json.dumps(Normal.of_estimates(first).as_json(LABELS)))
    order = LABELS[::-1]
    turned = Estimates(
        later.probabilities[:, order], later.trained[order], later.shares[order], later.sure
    )
    findings = compare_estimates(Normal.from_json(kept, order), turned, order)

    assert not any(one.is_drifted for one in findings)
    assert findings[0].p_value == pytest.approx(
        compare_estimates(Normal.from_json(kept, LABELS), later, LABELS)[0].p_value
    )


def test_without_anything_known_nothing_is_tested():
    assert [one.p_value for one in compare_estimates(None, None, LABELS)] == [None, None]
    assert Normal.from_json({}, LABELS) is None
