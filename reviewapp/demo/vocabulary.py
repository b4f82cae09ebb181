"""Read the texts the demo's listings are made of: one JSON file per category, one shared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reviewapp.demo.grammar import GENDERS

TEXTS_FOLDER = Path(__file__).with_name("texts")
LANGUAGES = ("fr", "en", "de")

WordLists = Mapping[str, Sequence[str]]


class VocabularyError(ValueError):
    """A text file of the demo is incomplete; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Article:
    """A kind of thing that a category sells.

    gender: "m", "f", "mp" or "fp", of the French name
    pictures: emoji that may show it
    names: the name in each language it has one in; French always
    price: lowest and highest price, euros
    lists: words that fit this article better than its category's lists of the same name
    """

    names: Mapping[str, str]
    gender: str
    pictures: tuple[str, ...]
    fact: str
    lists: WordLists
    price: tuple[float, float]


@dataclass(frozen=True, slots=True)
class CategoryTexts:
    """Everything one category's listings can say.

    count: products of this category in the challenge's training set
    private: share of listings by private people
    pictures_from: share of pictures that could as well belong to a neighbouring category
    """

    code: int
    count: int
    private: float
    pictures_from: Mapping[int, float]
    articles: tuple[Article, ...]
    lists: WordLists
    titles: Mapping[str, tuple[str, ...]]
    descriptions: Mapping[str, tuple[str, ...]]


@cache
def load_vocabulary(folder: Path = TEXTS_FOLDER) -> Mapping[int, CategoryTexts]:
    """Return the texts of every category by code, in ascending order of codes.

    Raises VocabularyError for a file without its parts.
    """
    shared = _read(folder / "shared.json")["lists"]
    texts = [_category(path, shared) for path in folder.glob("*.json") if path.stem.isdigit()]
    if not texts:
        raise VocabularyError(f"no category texts in {folder}")
    return {entry.code: entry for entry in sorted(texts, key=lambda entry: entry.code)}


def _category(path: Path, shared: WordLists) -> CategoryTexts:
    raw = _read(path)
    try:
        return CategoryTexts(
            code=int(raw["code"]),
            count=int(raw["count"]),
            private=float(raw["private"]),
            pictures_from={int(code): share for code, share in raw["pictures_from"].items()},
            articles=tuple(_article(item, raw["price"], path) for item in raw["items"]),
            lists={**shared, **raw["lists"]},
            titles={language: tuple(raw["titles"][language]) for language in LANGUAGES},
            descriptions={language: tuple(raw["descriptions"][language]) for language in LANGUAGES},
        )
    except KeyError as error:
        raise VocabularyError(f"{path.name}: {error} is missing") from error


def _article(item: Mapping[str, Any], price: Sequence[float], path: Path) -> Article:
    if item["g"] not in GENDERS:
        raise VocabularyError(f"{path.name}: {item['n']!r} has gender {item['g']!r}")
    low, high = item.get("price", price)
    names = {"fr": item["n"]} | {key: item[key] for key in ("en", "de") if key in item}
    return Article(
        names=names,
        gender=item["g"],
        pictures=tuple(item["pic"].split()),
        fact=item["fact"],
        price=(float(low), float(high)),
        lists=item.get("lists", {}) | ({"spec": item["spec"]} if "spec" in item else {}),
    )


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise VocabularyError(f"{path} cannot be read: {error}") from error
