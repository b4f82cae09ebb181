"""Write one listing's title and description."""

from dataclasses import dataclass

from reviewapp.demo import noise
from reviewapp.demo.draw import Draw
from reviewapp.demo.grammar import Words, fill, sentence_case
from reviewapp.demo.sellers import Seller
from reviewapp.demo.vocabulary import Article, CategoryTexts

NO_DESCRIPTION = 0.35
VAGUE_TITLE = 0.03
OTHER_LANGUAGE_DESCRIPTION = 0.04
OWN_ENDING = 0.12


@dataclass(frozen=True, slots=True)
class Listing:
    """The texts of one product, the emoji that may show it and its usual price range, euros.

    language: of the designation, as ISO 639-1; the description is sometimes in another one
    """

    designation: str
    description: str
    language: str
    pictures: tuple[str, ...]
    price: tuple[float, float]


def write_listing(texts: CategoryTexts, seller: Seller, draw: Draw) -> Listing:
    """Return a listing of `texts`' category in the manner of `seller`."""
    language = draw.weighted(seller.languages)
    articles = [article for article in texts.articles if language in article.names]
    article = draw.pick(articles)
    words = _words(texts, article, seller)
    title = _title(texts, words, language, draw)
    description = "" if draw.chance(NO_DESCRIPTION) else _description(texts, words, language, draw)
    if description:
        description = noise.spoil_description(description, seller.carelessness, draw)
    return Listing(
        designation=noise.spoil_title(title, seller.carelessness, draw),
        description=description,
        language=language,
        pictures=article.pictures,
        price=article.price,
    )


def relist(listing: Listing, draw: Draw) -> Listing:
    """Return the same product put up again, with small changes to its texts."""
    description = listing.description
    if description and draw.chance(0.4):
        sentences = noise.SENTENCE_END.split(description)
        description = " ".join(sentences[:-1]) or description
    elif draw.chance(0.1):
        description = ""
    return Listing(
        designation=noise.relist(listing.designation, draw),
        description=description,
        language=listing.language,
        pictures=listing.pictures,
        price=listing.price,
    )


def _words(texts: CategoryTexts, article: Article, seller: Seller) -> Words:
    ending = "fin_private" if seller.tier == "private" else "fin_pro"
    lists = {**texts.lists, "fin": texts.lists[ending]}
    lists |= {language: (name,) for language, name in article.names.items() if language != "fr"}
    lists |= article.lists
    return Words(article.names["fr"], article.gender, article.fact, lists)


def _title(texts: CategoryTexts, words: Words, language: str, draw: Draw) -> str:
    patterns = texts.titles[language]
    if language == "fr" and draw.chance(VAGUE_TITLE):
        patterns = tuple(texts.lists["vague"])
    return sentence_case(fill(draw.pick(patterns), words, draw))


def _description(texts: CategoryTexts, words: Words, language: str, draw: Draw) -> str:
    if draw.chance(OTHER_LANGUAGE_DESCRIPTION):
        language = "en" if language == "fr" else "fr"
    patterns = texts.descriptions[language]
    pattern = draw.pick(patterns)
    if language == "fr" and draw.chance(OWN_ENDING):
        # Two of the category's paragraphs one after the other: long, slightly repetitive texts.
        extra = draw.pick(patterns).replace("{fact}", "")
        pattern = f"{pattern.replace('{fin}', '')} {extra}" if extra not in pattern else pattern
    text = " ".join(fill(pattern, words, draw).split())
    return sentence_case(text)
