"""What a buyer may have meant: words of the catalogue near the ones typed."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import CombinedSearchQuery, SearchQuery, SearchQueryCombinable
from django.db import connection

from reviewapp.domain.search import KnownWord, fold, has_operators, meanings

FRENCH, ENGLISH = "catalogue_fr", "catalogue_en"
# PostgreSQL's French list of stop words lacks the first, and knows the second by its accent only,
# which is gone by then.
_FORGOTTEN_STOP_WORDS = frozenset({"les", "a"})

# Trigrams find the near ones by index; which of them is meant is decided in domain.search.
_NEAR = """
SELECT asked.word,
    numnode(plainto_tsquery('catalogue_fr', asked.word)) = 0
        OR numnode(plainto_tsquery('catalogue_en', asked.word)) = 0,
    near.word, near.products
FROM unnest(%s) WITH ORDINALITY AS asked(word, place)
LEFT JOIN LATERAL (
    SELECT word, products FROM reviewapp_catalogueword known
    WHERE known.word %% asked.word
    ORDER BY similarity(known.word, asked.word) DESC, products DESC LIMIT 40
) near ON true
ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A typed word with what it may mean instead; `meanings` is empty where it stands."""

    word: str
    meanings: list[str]

    def query(self) -> SearchQueryCombinable:
        """The word or any of its meanings."""
        query = either_language(self.word)
        for meaning in self.meanings:
            query |= either_language(meaning)
        return query


class _Either(CombinedSearchQuery):
    """One query or the other; where both are the same, once: an index would be walked twice."""

    def __init__(self, french: SearchQuery, english: SearchQuery) -> None:
        super().__init__(french, french.BITOR, english, FRENCH)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return SQL that PostgreSQL works out while planning, before it looks into the index."""
        (one, ones), (other, others) = map(compiler.compile, self.get_source_expressions())
        sql = f"(CASE WHEN {one} = {other} THEN {one} ELSE {one} || {other} END)"
        return sql, [*ones, *others, *ones, *ones, *others]


def either_language(text: str, search_type: str = "plain") -> SearchQueryCombinable:
    """Return the query that matches `text` read as French or as English."""
    french = SearchQuery(_without_stop_words(text), config=FRENCH, search_type=search_type)
    return _Either(french, SearchQuery(text, config=ENGLISH, search_type=search_type))


def _without_stop_words(text: str) -> str:
    if has_operators(text):
        return text
    kept = [word for word in text.split() if fold(word) not in _FORGOTTEN_STOP_WORDS]
    return " ".join(kept) or text


def is_in_index(text: str) -> bool:
    """Tell whether an index of words answers `text`: not if only words that must be absent do."""
    if not has_operators(text):
        return True
    with connection.cursor() as cursor:
        # What is left of a query that only names what must not be there is "T".
        cursor.execute(
            "SELECT 'T' IN (querytree(websearch_to_tsquery(%s, %s)),"
            " querytree(websearch_to_tsquery(%s, %s)))",
            [FRENCH, text, ENGLISH, text],
        )
        return not cursor.fetchone()[0]


def read_words(words: list[str]) -> list[Reading]:
    """Return each word that is not a stop word with what it may mean."""
    near: dict[str, list[KnownWord]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [words])
        for word, is_stop, known, products in cursor.fetchall():
            if not is_stop and word not in _FORGOTTEN_STOP_WORDS:
                near.setdefault(word, [])
                if known is not None:
                    near[word].append(KnownWord(known, products))
    return [Reading(word, meanings(word, known)) for word, known in near.items()]


def spelled(words: list[str], readings: list[Reading]) -> str:
    """Return the words with each misspelt one replaced by what it likeliest means."""
    meant = {one.word: one.meanings[0] for one in readings if one.meanings}
    return " ".join(meant.get(word, word) for word in words)
