"""The ranking of suspects against wrong codes that were planted."""

from dataclasses import replace

import numpy as np
import pytest

from classifier.errors import DataInvalid
from classifier.suspects import LabelledRows, find_suspects, rank
from classifier.types import Signal
from tests.planted_noise import demo_rows, plant, precision_at, recall


@pytest.fixture(scope="module")
def planted():
    """300 invented products of six categories, 15 of them with a wrong code."""
    rows = demo_rows(1500)
    codes = sorted(set(rows.codes), key=lambda code: (-rows.codes.count(code), code))[:6]
    kept = [row for row, code in enumerate(rows.codes) if code in codes][:300]
    return plant(rows.select(np.array(kept)), 0.05, seed=1)


@pytest.fixture(scope="module")
def found(planted):
    return find_suspects(planted.rows, seed=0)


def test_planted_codes_come_first(planted, found):
    count = len(planted.wrong)

    assert precision_at(found.suspects, planted, count) >= 0.7
    assert recall(found.suspects, planted) >= 0.8


def test_a_shuffled_ranking_misses_the_bound(planted, found):
    every = [replace(found.suspects[0], row=row) for row in range(len(planted.rows))]
    shuffled = [every[row] for row in np.random.default_rng(0).permutation(len(every))]

    assert precision_at(shuffled, planted, len(planted.wrong)) < 0.3


def test_the_same_seed_gives_the_same(planted, found):
    again = find_suspects(planted.rows, seed=0)

    assert again == found


def test_near_duplicates_turn_the_scales():
    rows = LabelledRows([""] * 4, [1, 1, 2, 2], ["a", "a", "a", "b"])
    proba = np.array([[0.6, 0.4]] * 3 + [[0.4, 0.6]])

    suspects = rank(rows, [1, 2], proba)

    assert [one.row for one in suspects] == [2]
    assert Signal.NEAR_DUPLICATES in suspects[0].signals
    assert (suspects[0].suggested, suspects[0].suggested_votes) == (1, 2)
    assert suspects[0].doubt > 0.99


def test_vectors_help_where_words_say_nothing():
    codes = [row % 2 for row in range(60)]
    vectors = np.array([[code, 1 - code] for code in codes], dtype=np.float32)
    codes[7] = 0
    rows = LabelledRows(["objet"] * 60, codes, [str(row) for row in range(60)], vectors)

    suspects = find_suspects(rows, seed=0).suspects

    assert suspects[0].row == 7


def test_a_code_of_few_products_is_not_judged():
    words = ["roman livre"] * 10 + ["piscine pompe"] * 10 + ["unique"]
    codes = [1] * 10 + [2] * 10 + [3]
    rows = LabelledRows(words, codes, [str(row) for row in range(21)])

    findings = find_suspects(rows, seed=0)

    assert findings.judged == 20
    assert 20 not in {one.row for one in findings.suspects}
    with pytest.raises(DataInvalid):
        find_suspects(rows.select(np.arange(10)), seed=0)
