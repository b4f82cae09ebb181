"""How many near duplicates say as much as one independent product."""

import numpy as np
import pytest

from classifier.design_effect import design_effect, worst_effects


def test_products_that_stand_for_themselves_count_in_full():
    hits = np.array([True, False, False, False])

    assert design_effect(hits, None) == design_effect(hits, np.array([4, 3, 2, 1])) == 1.0
    assert design_effect(hits[:0], np.array([], dtype=np.int64)) == 1.0


def test_without_a_hit_near_duplicates_are_taken_to_hit_together():
    groups = np.array([1, 1, 1, 2])

    assert design_effect(np.zeros(4, dtype=bool), groups) == pytest.approx((9 + 1) / 4)


def test_groups_of_one_size_that_hit_together_count_once():
    hits = np.repeat(np.random.default_rng(0).random(2000) < 0.02, 5)

    assert design_effect(hits, np.repeat(np.arange(2000), 5)) == pytest.approx(5)


def test_hits_that_sit_in_the_large_groups_weigh_more_than_sizes_tell():
    sizes = np.repeat([10, 1], [10, 900])
    groups = np.repeat(np.arange(910), sizes)
    hits = groups < 5

    worst = (sizes**2).sum() / 1000
    assert design_effect(hits, groups) > 2 * worst


def test_the_effect_never_passes_the_number_of_products():
    assert design_effect(np.array([True, False]), np.array([1, 1])) == 2.0


def test_the_worst_effects_are_those_of_each_beginning():
    groups = np.array([3, 1, 3, 3, 2, 1])

    found = worst_effects(groups, 6)

    nothing = np.zeros(6, dtype=bool)
    assert found == pytest.approx([design_effect(nothing[:n], groups[:n]) for n in range(1, 7)])
    assert worst_effects(None, 3).tolist() == [1, 1, 1]
