import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.domain.byte_range import ByteRange, Unsatisfiable, byte_range


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=500-", 500, 999),
        ("bytes=-100", 900, 999),
        ("bytes=-5000", 0, 999),
        ("bytes=990-5000", 990, 999),
        (" bytes=0-0 ", 0, 0),
    ],
)
def test_a_range_is_cut_to_the_file(header, first, last):
    assert byte_range(header, 1000) == ByteRange(first, last)


@pytest.mark.parametrize(
    "header",
    ["", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-5", "bytes=a-b", "bytes=²-", "0-5"],
)
def test_what_makes_no_sense_is_left_aside(header):
    assert byte_range(header, 1000) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=1000-", 1000), ("bytes=-0", 5), ("bytes=-5", 0)]
)
def test_a_range_behind_the_end_is_refused(header, size):
    with pytest.raises(Unsatisfiable):
        byte_range(header, size)


@given(st.text(), st.integers(1, 10**12))
def test_no_header_leads_outside_the_file(header, size):
    try:
        found = byte_range(header, size)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found.first <= found.last < size
