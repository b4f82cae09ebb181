"""Which key does what at the desk."""

from hypothesis import given
from hypothesis import strategies as st

from reviewapp.domain.keys import DEFAULT_KEYS, KeyFault, faults, keys_of, own_changes

KEYS = st.dictionaries(st.sampled_from(list(DEFAULT_KEYS)), st.sampled_from(["", "k", "é", ";"]))


def test_the_common_keys_have_no_fault():
    assert faults(DEFAULT_KEYS) == {}


@given(KEYS)
def test_changes_are_kept_and_nothing_else(own):
    keys = keys_of(own)

    assert keys_of(own_changes(keys)) == keys
    assert all(DEFAULT_KEYS[action] != key for action, key in own_changes(keys).items())


def test_an_unknown_action_of_an_older_version_is_left_out():
    assert keys_of({"dance": "d"}) == DEFAULT_KEYS


def test_keys_that_cannot_work_are_named():
    keys = {**DEFAULT_KEYS, "skip": "1", "escalate": "ab", "undo": " ", "search": "z", "zoom": "z"}

    assert faults(keys) == {
        "skip": KeyFault.RESERVED,
        "escalate": KeyFault.NOT_ONE,
        "undo": KeyFault.RESERVED,
        "search": KeyFault.TAKEN,
    }
