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


def test_a_label_of_somebody_who_drifts_is_doubted_where_another_code_is_likely():
    proba = np.array([[0.7, 0.3], [0.7, 0.3], [0.95, 0.05], [0.1, 0.9], [0.2, 0.8]])
    rows = LabelledRows([""] * 5, [1, 1, 1, 2, 2], list("abcde"))
    drifting = replace(rows, drifting=np.array([True, False, True, True, False]))

    suspects = rank(drifting, [1, 2], proba)

    assert [(one.row, one.signals) for one in suspects] == [(0, (Signal.MODERATOR_DRIFT,))]
    assert (suspects[0].suggested, suspects[0].p_given) == (2, 0.7)
    assert suspects[0].doubt == pytest.approx(0.3 / (0.3 + 0.7 / 8))
    assert rank(rows, [1, 2], proba) == []


def test_knowing_who_drifts_finds_more_of_their_wrong_labels_first(planted):
    rows, draw = planted.rows, np.random.default_rng(2)
    # One of ten moderators gave all the wrong labels, and four times as many right ones.
    right = np.array([row for row in range(len(rows)) if row not in planted.wrong])
    theirs = np.zeros(len(rows), dtype=bool)
    theirs[[*planted.wrong, *draw.choice(right, 4 * len(planted.wrong), replace=False)]] = True
    count = len(planted.wrong)

    informed = find_suspects(replace(rows, drifting=theirs), seed=0).suspects
    blind = find_suspects(rows, seed=0).suspects

    assert precision_at(informed, planted, count) >= precision_at(blind, planted, count)
    assert recall(informed, planted) > recall(blind, planted)


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
