import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewapp.domain.products import (
    ProductRefused,
    check_external_id,
    clean_texts,
    input_digest,
)


@pytest.mark.parametrize("raw", ["", "   ", "a\x00b", "a\nb", "x" * 121, "\ud800"])
def test_an_unusable_id_is_refused(raw):
    with pytest.raises(ProductRefused) as refused:
        check_external_id(raw)

    assert refused.value.field == "external_id"


def test_an_id_may_be_any_text():
    assert check_external_id("  =cmd|'/c calc'!A1 é🎈 ") == "=cmd|'/c calc'!A1 é🎈"


@pytest.mark.parametrize(
    "text",
    [
        "Poussette canne légère, pliable d’une main",
        "Größe 42 – für Damen & Herren",
        "Second-hand paperback in good condition",
        "Ballon 🎈 d'anniversaire 👩‍👧‍👦",
    ],
)
def test_ordinary_texts_come_through_as_they_are(text):
    texts = clean_texts(text, text, 20_000)

    assert (texts.designation, texts.description) == (text, text)
    assert (texts.raw_designation, texts.raw_description) == (text, text)


def test_a_script_stays_in_the_raw_text_only():
    raw = "<p>Lampe&nbsp;<b>LED</b></p><script>alert('x')</script>"

    texts = clean_texts("Lampe", raw, 20_000)

    assert texts.raw_description == raw
    assert texts.description == "Lampe LED"


def test_a_long_text_is_kept_raw_and_cut_clean():
    raw = "chaise " * 14_000  # 98 kB

    texts = clean_texts("Chaise", raw, 20_000)

    assert texts.raw_description == raw
    assert len(texts.description) <= 20_000
    assert texts.description.endswith("chaise")


@pytest.mark.parametrize("raw", ["x" * 200_001, "é" * 100_001])
def test_a_text_above_the_limit_is_refused(raw):
    with pytest.raises(ProductRefused) as refused:
        clean_texts("Chaise", raw, 20_000)

    assert refused.value.field == "description"
    assert "200" in refused.value.message


def test_what_the_database_cannot_hold_is_dropped():
    texts = clean_texts("a\x00b", "ballon \ud83c\udf88 et \ud800 seul", 20_000)

    assert texts.raw_designation == "ab"
    assert texts.raw_description == "ballon 🎈 et \ufffd seul"


@given(st.text(st.characters(), max_size=200), st.text(max_size=200))
def test_every_text_can_be_stored(designation, description):
    texts = clean_texts(designation, description, 20_000)

    for text in (texts.raw_designation, texts.raw_description, texts.designation):
        assert "\x00" not in text
        text.encode("utf-8")


def test_the_digest_tells_every_part_apart():
    digests = {
        input_digest("ab", "c", ""),
        input_digest("a", "bc", ""),
        input_digest("ab", "", "c"),
        input_digest("ab", "c", "d"),
    }

    assert len(digests) == 4
    assert input_digest("ab", "c", "") in digests
