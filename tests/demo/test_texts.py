import html
import re

import pytest

from reviewapp.demo import noise
from reviewapp.demo.draw import Draw
from reviewapp.demo.emoji_files import load_emoji
from reviewapp.demo.grammar import (
    PatternError,
    Words,
    agree,
    fill,
    sentence_case,
    with_determiner,
)
from reviewapp.demo.listings import _words, write_listing
from reviewapp.demo.sellers import SELLERS, sellers_of
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.demo.vocabulary import LANGUAGES, load_vocabulary

VOCABULARY = load_vocabulary()
PERSONAL = re.compile(r"[\w.]+@[\w.]+|https?:|www\.|\b0[1-9](?:[ .]?\d\d){4}\b|\+33")
TRADEMARKS = re.compile(
    r"pok[eé]mon|\blego\b|playmobil|nintendo|playstation|\bps[2-5]\b|xbox|\bsega\b|marvel|disney"
    r"|star wars|barbie|warhammer|yu-gi-oh|intex|bestway|\bikea\b|amazon|rakuten|\bbosch\b|fnac",
    re.IGNORECASE,
)


@pytest.mark.parametrize(
    ("form", "forms"),
    [
        ("livré(e)", ["livré", "livrée", "livrés", "livrées"]),
        ("gris(e)", ["gris", "grise", "gris", "grises"]),
        ("blanc|blanche|blancs|blanches", ["blanc", "blanche", "blancs", "blanches"]),
        ("taupe", ["taupe"] * 4),
    ],
)
def test_adjectives_agree(form, forms):
    assert [agree(form, gender) for gender in ("m", "f", "mp", "fp")] == forms


@pytest.mark.parametrize(
    ("kind", "noun", "gender", "expected"),
    [
        ("le", "table", "f", "la table"),
        ("le", "étagère", "f", "l'étagère"),
        ("le", "horloge", "f", "l'horloge"),
        ("le", "hamac", "m", "le hamac"),
        ("le", "hache", "f", "la hache"),
        ("ce", "album", "m", "cet album"),
        ("un", "bavoirs", "mp", "des bavoirs"),
        ("de", "Octavie", "m", "d'Octavie"),
        ("de", "housse", "f", "de housse"),
    ],
)
def test_determiners_agree_and_elide(kind, noun, gender, expected):
    assert with_determiner(kind, noun, gender) == expected


def test_a_word_drawn_once_stays_the_same_within_a_product():
    words = Words("table", "f", "", {"size": [str(number) for number in range(100)]})

    title = fill("{size}", words, Draw(1))
    again, other = fill("{size} {size#2}", words, Draw(2)).split()

    assert again == title
    assert other != title


@pytest.mark.parametrize("pattern", ["{nowhere}", "{a|b}", "{loop}"])
def test_a_faulty_pattern_is_refused(pattern):
    words = Words("table", "f", "", {"loop": ["again {loop}"]})

    with pytest.raises(PatternError):
        fill(pattern, words, Draw(1))


def test_sentences_begin_with_a_capital():
    assert sentence_case("état neuf. écran plat <p>oui</p>") == "État neuf. Écran plat <p>Oui</p>"


def test_there_are_texts_for_every_category_of_the_taxonomy():
    assert set(VOCABULARY) == set(load_taxonomy().codes)


@pytest.mark.parametrize("code", VOCABULARY)
def test_every_pattern_makes_sense_with_every_article(code):
    texts = VOCABULARY[code]
    for number, article in enumerate(texts.articles):
        for language in set(LANGUAGES) & set(article.names):
            for pattern in texts.titles[language] + texts.descriptions[language]:
                words = _words(texts, article, SELLERS[number % len(SELLERS)])
                text = fill(pattern, words, Draw(code, number, pattern))
                assert not re.search(r"[{}|]|\(e\)|  | \.|\bde [aeéiou]\w+ [A-ZÉ]", text), text


@pytest.mark.parametrize("code", VOCABULARY)
def test_every_category_is_varied(code):
    texts = VOCABULARY[code]
    titles = {
        write_listing(texts, SELLERS[0], Draw("varied", code, number)).designation.casefold()
        for number in range(400)
    }

    assert len(texts.titles["fr"]) >= 12
    assert len(texts.descriptions["fr"]) >= 8
    assert len(texts.articles) >= 12
    assert len(titles) >= 200


@pytest.mark.parametrize("code", VOCABULARY)
def test_articles_are_shown_by_drawings_of_their_own_category(code):
    for article in VOCABULARY[code].articles:
        assert article.pictures
        assert set(article.pictures) <= set(load_emoji().by_code[code]), article.names["fr"]


def test_the_texts_hold_no_personal_data_and_no_trademark():
    for texts in VOCABULARY.values():
        for number in range(300):
            listing = write_listing(texts, SELLERS[number % 12], Draw("safe", texts.code, number))
            text = f"{listing.designation} {listing.description}"
            assert not PERSONAL.search(text), text
            assert not TRADEMARKS.search(text), text


def test_sellers_are_marked_as_demo_and_serve_every_family():
    assert len({seller.key for seller in SELLERS}) == len(SELLERS) == 12
    assert all(seller.name.endswith("(démo)") for seller in SELLERS)
    for family in load_taxonomy().families:
        assert sellers_of(family.key, private=True)
        assert sellers_of(family.key, private=False)


def test_lost_accents_leave_plain_letters():
    assert noise.without_accents("Œuvre d'été, ça s'use") == "Oeuvre d'ete, ca s'use"


def test_entities_unescape_to_the_text_they_came_from():
    text = "L'été & l'hiver <neufs> : 5 €"
    assert html.unescape(noise.with_entities(text)) == text
    assert "&" in noise.with_entities("é")


def test_a_typo_changes_one_word_only():
    before = "Housse de coussin brodée"

    after = noise.with_typo(before, Draw("typo"))

    changed = [
        pair for pair in zip(before.split(), after.split(), strict=True) if len(set(pair)) > 1
    ]
    assert len(changed) == 1
