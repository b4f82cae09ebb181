"""The category taxonomy as data: 27 codes with names, definitions, rules and deciding questions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAXONOMY_PATH = Path(__file__).with_name("taxonomy.json")


class TaxonomyError(ValueError):
    """The taxonomy file is not usable; the message names the entry and what to change."""


@dataclass(frozen=True, slots=True)
class Family:
    key: str
    name_fr: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Confusable:
    """The deciding question between a category and the neighbour `code`."""

    code: int
    question_fr: str
    question_en: str


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """One category. `picture` is the emoji whose drawing stands for it."""

    code: int
    family: str
    picture: str
    name_fr: str
    name_en: str
    definition_fr: str
    definition_en: str
    includes_fr: tuple[str, ...]
    includes_en: tuple[str, ...]
    excludes_fr: tuple[str, ...]
    excludes_en: tuple[str, ...]
    synonyms_fr: tuple[str, ...]
    synonyms_en: tuple[str, ...]
    confusable: tuple[Confusable, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    name: str
    version: int
    families: tuple[Family, ...]
    categories: tuple[CategoryEntry, ...]

    @property
    def codes(self) -> tuple[int, ...]:
        return tuple(entry.code for entry in self.categories)

    def category(self, code: int) -> CategoryEntry:
        """Return the entry of `code`; KeyError when the taxonomy has no such code."""
        for entry in self.categories:
            if entry.code == code:
                return entry
        raise KeyError(code)


TEXT_FIELDS = ("name", "definition")
LIST_FIELDS = ("includes", "excludes", "synonyms")
LANGUAGES = ("fr", "en")


def load_taxonomy(path: Path = TAXONOMY_PATH) -> Taxonomy:
    """Read and check a taxonomy file.

    A confusable pair is written once, on either side; the result carries it on both.
    Raises TaxonomyError naming the faulty entry: unreadable JSON, a missing language, a duplicate
    code or family, an unknown family or confusable code, a pair written twice.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TaxonomyError(f"taxonomy {path} cannot be read: {error}") from error
    if not isinstance(raw, dict):
        raise TaxonomyError(f"taxonomy {path} must hold one JSON object, not {type(raw).__name__}")
    families = tuple(_family(item) for item in _list(raw, "families", "the file"))
    _refuse_duplicates([family.key for family in families], "family")
    entries = [_entry(item) for item in _list(raw, "categories", "the file")]
    codes = [entry.code for entry in entries]
    _refuse_duplicates(codes, "category code")
    known = {family.key for family in families}
    for entry in entries:
        if entry.family not in known:
            raise TaxonomyError(f"category {entry.code}: unknown family '{entry.family}'")
    return Taxonomy(
        name=_text(raw, "name", "the file"),
        version=_integer(raw, "version", "the file"),
        families=families,
        categories=_mirror_confusables(entries),
    )


def _mirror_confusables(entries: list[CategoryEntry]) -> tuple[CategoryEntry, ...]:
    neighbours: dict[int, list[Confusable]] = {entry.code: [] for entry in entries}
    seen: set[frozenset[int]] = set()
    for entry in entries:
        for pair in entry.confusable:
            if pair.code not in neighbours or pair.code == entry.code:
                raise TaxonomyError(
                    f"category {entry.code}: confusable code {pair.code} is not another category"
                )
            both = frozenset((entry.code, pair.code))
            if both in seen:
                raise TaxonomyError(
                    f"category {entry.code}: the pair with {pair.code} is written twice; keep one"
                )
            seen.add(both)
            neighbours[entry.code].append(pair)
            mirrored = Confusable(entry.code, pair.question_fr, pair.question_en)
            neighbours[pair.code].append(mirrored)
    return tuple(_with_confusables(entry, neighbours[entry.code]) for entry in entries)


def _with_confusables(entry: CategoryEntry, pairs: list[Confusable]) -> CategoryEntry:
    fields = {name: getattr(entry, name) for name in CategoryEntry.__slots__}
    return CategoryEntry(**(fields | {"confusable": tuple(pairs)}))


def _family(item: Any) -> Family:
    where = f"family {item.get('key', item)!r}" if isinstance(item, dict) else "family"
    source = _object(item, where)
    return Family(
        key=_text(source, "key", where),
        name_fr=_text(source, "name_fr", where),
        name_en=_text(source, "name_en", where),
    )


def _entry(item: Any) -> CategoryEntry:
    source = _object(item, "category")
    code = _integer(source, "code", "a category")
    where = f"category {code}"
    words: dict[str, Any] = {}
    for language in LANGUAGES:
        for name in TEXT_FIELDS:
            words[f"{name}_{language}"] = _text(source, f"{name}_{language}", where)
        for name in LIST_FIELDS:
            words[f"{name}_{language}"] = _words(source, f"{name}_{language}", where)
    confusable = tuple(_confusable(pair, where) for pair in _list(source, "confusable", where))
    return CategoryEntry(
        code=code,
        family=_text(source, "family", where),
        picture=_text(source, "picture", where),
        confusable=confusable,
        **words,
    )


def _confusable(item: Any, where: str) -> Confusable:
    source = _object(item, f"{where}, confusable")
    code = _integer(source, "code", f"{where}, confusable")
    inner = f"{where}, confusable {code}"
    return Confusable(
        code=code,
        question_fr=_text(source, "question_fr", inner),
        question_en=_text(source, "question_en", inner),
    )


def _refuse_duplicates(values: list[Any], what: str) -> None:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise TaxonomyError(f"{what} {value!r} stands twice in the taxonomy")


def _object(item: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise TaxonomyError(f"{where} must be a JSON object, got {item!r}")
    return item


def _text(source: Mapping[str, Any], field: str, where: str) -> str:
    value = source.get(field)
    if not isinstance(value, str) or not value.strip():
        raise TaxonomyError(f"{where}: '{field}' is missing or empty; write a text")
    return value


def _integer(source: Mapping[str, Any], field: str, where: str) -> int:
    value = source.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TaxonomyError(f"{where}: '{field}' must be a whole number, got {value!r}")
    return value


def _list(source: Mapping[str, Any], field: str, where: str) -> list[Any]:
    value = source.get(field)
    if not isinstance(value, list):
        raise TaxonomyError(f"{where}: '{field}' must be a list, got {value!r}")
    return value


def _words(source: Mapping[str, Any], field: str, where: str) -> tuple[str, ...]:
    values = _list(source, field, where)
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        raise TaxonomyError(f"{where}: '{field}' must list at least one text")
    return tuple(values)
