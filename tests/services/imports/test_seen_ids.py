from hypothesis import given
from hypothesis import strategies as st

from reviewapp.services.imports import seen_ids
from reviewapp.services.imports.seen_ids import SeenIds


@given(st.lists(st.text("ab1", max_size=3), max_size=60))
def test_an_id_is_new_exactly_once(ids):
    seen, before = SeenIds(), set()

    for external_id in ids:
        assert seen.is_new(external_id) == (external_id not in before)
        before.add(external_id)


def test_ids_long_past_are_remembered(monkeypatch):
    monkeypatch.setattr(seen_ids, "_RECENT", 7)
    seen = SeenIds()

    first = [seen.is_new(str(number)) for number in range(50)]
    second = [seen.is_new(str(number)) for number in range(50)]

    assert (all(first), any(second)) == (True, False)
