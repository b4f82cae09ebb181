import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.text import MODEL_TEXT_CHARS, clean_text, model_text


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Piscine  ronde\n\t3&nbsp;m ", "Piscine ronde 3 m"),
        ("<p>Bleu<br/>ciel</p>", "Bleu ciel"),
        ("Bleu&lt;br&gt;ciel", "Bleu ciel"),
        ("L&amp;amp;#39;eau &amp;amp; le vin", "L'eau & le vin"),
        ("a < b et c > d", "a < b et c > d"),
        ("taille <3 mois", "taille <3 mois"),
        ("avant<!-- caché <b> -->après", "avant après"),
        ("avant<script>alert('x')</script>après", "avant après"),
        ("avant<STYLE type='x'>p{}</style >après", "avant après"),
        ("avant<script>alert(1)", "avant"),
        ("nul\x00 et\x07 cloche", "nul et cloche"),
        ("e\u0301te\u0301", "été"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("pair \ud83d\ude00", "pair 😀"),
        ("famille 👨‍👩‍👧", "famille 👨‍👩‍👧"),
        ("pis\u00adcine\u200b \u202egauche", "piscine gauche"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("", ""),
    ],
)
def test_cleaning(raw, cleaned):
    assert clean_text(raw) == cleaned


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_text_becomes_one_printable_normalised_line(raw):
    cleaned = clean_text(raw)

    assert cleaned == " ".join(cleaned.split())
    assert cleaned == unicodedata.normalize("NFC", cleaned)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in cleaned)
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<!--",
        "<script>",
        "</script",
        "&amp;",
        "&lt;",
        "<a<b>",
        "a\u0301\u0323",
        "\u0301\u0323",
    ],
)
def test_hostile_text_costs_linear_time(unit):
    raw = "x" + unit * (400_000 // len(unit))

    start = time.perf_counter()
    clean_text(raw)

    assert time.perf_counter() - start < 2.0


def test_the_model_reads_title_then_description():
    assert model_text("Lampe", "<b>Rouge</b>") == "Lampe. Rouge"
    assert model_text("Lampe !", "Rouge") == "Lampe ! Rouge"
    assert model_text("", "Rouge") == "Rouge"
    assert model_text("Lampe", "  ") == "Lampe"
    assert model_text("Lampe", "LAMPE rouge") == "LAMPE rouge"


def test_the_model_reads_a_bounded_part_of_a_long_text():
    text = model_text("Lampe", "mot " * 100_000)

    assert text.startswith("Lampe. mot mot")
    assert len(text) <= MODEL_TEXT_CHARS
