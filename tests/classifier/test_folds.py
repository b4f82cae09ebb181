import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import DataInvalid
from classifier.folds import grouped_folds

GROUPS = [f"g{i // 3}" for i in range(60)]
CODES = [10 if i < 30 else 40 for i in range(60)]


def test_rows_of_one_group_share_a_fold():
    folds = grouped_folds(GROUPS, CODES, 4, seed=1)

    assert all(len({folds[i] for i in range(60) if GROUPS[i] == g}) == 1 for g in set(GROUPS))


def test_every_fold_gets_its_share_of_every_category():
    folds = grouped_folds(GROUPS, CODES, 5, seed=1)

    for fold in range(5):
        assert sum(CODES[i] == 10 for i in range(60) if folds[i] == fold) == 6


@given(st.permutations(range(60)))
def test_a_groups_fold_does_not_depend_on_the_order_of_rows(order):
    straight = grouped_folds(GROUPS, CODES, 4, seed=3)

    shuffled = grouped_folds([GROUPS[i] for i in order], [CODES[i] for i in order], 4, seed=3)

    assert [straight[i] for i in order] == shuffled.tolist()


def test_another_seed_deals_the_groups_differently():
    assert (
        grouped_folds(GROUPS, CODES, 4, 1).tolist() != grouped_folds(GROUPS, CODES, 4, 2).tolist()
    )


def test_fewer_groups_than_folds_is_refused():
    with pytest.raises(DataInvalid, match="2 groups"):
        grouped_folds(["a", "b"], [1, 1], 3, seed=0)
