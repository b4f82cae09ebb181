"""Krippendorff's alpha, held against its author's own example."""

import random

import pytest

from reviewapp.domain.agreement import krippendorff_alpha

# Krippendorff (2011), section C: four observers, twelve units, some answers missing.
EXAMPLE = [
    [1, 1, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [5, 5, 5],
    [1, 1],
    [3],
]


def test_alpha_is_that_of_the_published_example():
    found = krippendorff_alpha(EXAMPLE, seed=1)

    assert found.overall is not None
    assert round(found.overall.value, 3) == 0.743
    assert found.overall.sample == 11
    assert found.overall.low < 0.743 < found.overall.high


def test_alpha_per_category_is_that_of_one_against_the_rest():
    units = [[1, 1], [1, 2], [2, 3], [3, 3], [2, 2]]

    found = krippendorff_alpha(units, seed=1).by_category[1]
    binary = krippendorff_alpha([[int(c == 1) for c in unit] for unit in units], seed=1).overall

    assert found is not None
    assert binary is not None
    assert found.value == pytest.approx(binary.value)
    assert found.sample == 2


def test_random_answers_agree_no_more_than_by_chance():
    chance = random.Random(3)
    units = [[chance.randrange(5), chance.randrange(5)] for _ in range(400)]

    found = krippendorff_alpha(units, seed=1).overall

    assert found is not None
    assert found.low < 0 < found.high


def test_perfect_agreement_on_few_units_is_not_called_certain():
    found = krippendorff_alpha([[n % 3, n % 3] for n in range(12)], seed=1).overall

    assert found is not None
    assert (found.value, found.high) == (1.0, 1.0)
    assert 0.6 < found.low < 0.8


@pytest.mark.parametrize("units", [[], [[1], [2]], [[1, 1], [1, 1]]])
def test_without_pairs_or_with_one_category_alpha_is_undefined(units):
    assert krippendorff_alpha(units, seed=1).overall is None


def test_the_interval_holds_what_it_promises():
    chance = random.Random(4)
    # Both right with 0.9 each, else any of four: alpha of the population by a large sample.
    large = krippendorff_alpha(_pairs(chance, 100_000), seed=1, replicates=2).overall
    assert large is not None

    drawn = [krippendorff_alpha(_pairs(chance, 100), seed=n, replicates=200) for n in range(100)]

    covered = sum(d.overall.low <= large.value <= d.overall.high for d in drawn if d.overall)
    assert covered >= 89


def _pairs(chance, count):
    def answer(truth):
        return truth if chance.random() < 0.9 else chance.randrange(4)

    truths = [chance.randrange(4) for _ in range(count)]
    return [[answer(truth), answer(truth)] for truth in truths]
