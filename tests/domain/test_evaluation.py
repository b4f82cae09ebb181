"""What an evaluation says where products count differently, or not at all."""

from dataclasses import replace

import numpy as np
import pytest

from reviewapp.domain import paired
from reviewapp.domain.answers import joined
from reviewapp.domain.evaluation import evaluation_metrics
from tests.answer_sheets import sheet, world

_TARGET = 0.02


@pytest.fixture(scope="module")
def answers():
    return sheet(*world(products=400), sharpness=1.6)


def fusion(answers):
    return evaluation_metrics(answers, _TARGET)["members"]["fusion"]


def test_a_product_that_stands_for_three_counts_like_three(answers):
    third = np.arange(len(answers)) % 3 == 0
    weighted = replace(answers, weight=np.where(third, 3.0, 1.0))
    repeated = joined([answers, answers.select(third), answers.select(third)])

    found, expected = fusion(weighted), fusion(repeated)

    for name in ("accuracy", "macro_f1", "weighted_f1", "ece"):
        assert found[name]["value"] == pytest.approx(expected[name]["value"], abs=1e-6)
    assert found["aurc"] == pytest.approx(expected["aurc"], abs=2e-3)
    for code, one in expected["categories"].items():
        assert found["categories"][code]["f1"] == pytest.approx(one["f1"], abs=1e-6)
    errors = [[point["error"] for point in one["curve"]][-1] for one in (found, expected)]
    assert errors[0] == pytest.approx(errors[1], abs=1e-6)


def test_rare_products_of_great_weight_widen_the_intervals(answers):
    heavy = np.where(np.arange(len(answers)) % 20 == 0, 20.0, 1.0)

    even, uneven = fusion(answers), fusion(replace(answers, weight=heavy))

    def width(one):
        return one["accuracy"]["high"] - one["accuracy"]["low"]

    assert width(uneven) > 1.5 * width(even)
    assert uneven["rows"] == even["rows"] == 400


def test_what_a_version_may_know_by_heart_says_nothing_of_it(answers):
    wrong = answers.members["fusion"].predicted != answers.true
    learned = ~wrong & (np.arange(len(answers)) % 2 == 0)

    found = fusion(replace(answers, is_learned=learned))

    assert found["rows"] == int((~learned).sum())
    assert found["accuracy"]["value"] == pytest.approx(1 - wrong.sum() / (~learned).sum(), abs=1e-6)


def test_a_pair_leaves_out_what_either_may_know_by_heart(answers):
    one, other = (np.isin(answers.product, ids) for ids in ([1, 2], [2, 3]))
    both = replace(answers, is_learned=one), replace(answers, is_learned=other)

    old, new = paired.unlearned(*both)

    assert old.product.tolist() == new.product.tolist()
    assert not set(old.product.tolist()) & {1, 2, 3}
    with pytest.raises(paired.NotPaired):
        paired.unlearned(answers, answers.select(~one))
    with pytest.raises(paired.NotPaired):
        paired.unlearned(replace(answers, is_learned=answers.product >= 0), answers)


def test_joined_chunks_keep_what_the_version_may_know_by_heart(answers):
    learned = answers.product % 2 == 0

    both = joined([replace(answers, is_learned=one) for one in (learned, ~learned)])

    assert both.is_learned is not None
    assert both.is_learned.tolist() == [*learned, *~learned]
