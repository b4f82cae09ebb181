"""A buyer's words: folding, splitting, and which known word a misspelt one may mean. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MOST_CHARS = 200
MOST_WORDS = 8
_SHORTEST_MENDED = 3
_MOST_MEANINGS = 3
# A known word is doubted when one this many times as frequent lies one step away: titles hold
# slips of the pen too.
_FAR_MORE_FREQUENT = 10
_WORD = re.compile(r"[^\W_]+")
_OPERATORS = re.compile(r'"|(?:^|\s)-\w|\bOR\b')
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "Œ": "oe", "Æ": "ae"})


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A folded word of the catalogue and how many listed products have it in their title."""

    word: str
    products: int


def clean_query(text: str) -> str:
    """Return what was typed without what PostgreSQL cannot hold, cut to MOST_CHARS."""
    return " ".join(text.replace("\x00", "").split())[:MOST_CHARS]


def fold(text: str) -> str:
    """Return `text` in lower case and without accents, as the catalogue's words are stored."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return "".join(one for one in decomposed if not unicodedata.combining(one)).lower()


def split_words(text: str) -> list[str]:
    """Return the folded words of `text`, each once, at most MOST_WORDS."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))[:MOST_WORDS]


def has_operators(text: str) -> bool:
    """Tell whether quotes, OR or a minus sign say exactly what is meant."""
    return bool(_OPERATORS.search(text))


def meanings(word: str, known: Iterable[KnownWord]) -> list[str]:
    """Return the known words that `word` may have meant, the likeliest first, at most three.

    Empty when the word stands as it is: known, too short, or nothing is near. A near word is one
    to three steps away (see `steps`), by length, or goes on where `word` ends.
    """
    if len(word) < _SHORTEST_MENDED or not word.isalpha():
        return []
    candidates = {one.word: one.products for one in known}
    own = candidates.pop(word, None)
    reach = min(1 if len(word) <= 4 else 2 if len(word) <= 8 else 3, 1 if own is not None else 3)
    near = []
    for other, products in candidates.items():
        if own is not None and products < _FAR_MORE_FREQUENT * max(own, 1):
            continue
        distance = steps(word, other, reach)
        if distance > reach and own is None and other.startswith(word):
            distance = reach
        if distance <= reach:
            near.append((distance, -products, other))
    near.sort()
    return [other for distance, _, other in near[:_MOST_MEANINGS] if distance == near[0][0]]


def steps(one: str, other: str, most: int) -> int:
    """Return how many letters to insert, drop, replace or swap with the next turn `one` to `other`.

    The optimal string alignment distance; anything above `most` is returned as `most + 1`.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        above, row = rows[-1], [i]
        for j, target in enumerate(other, 1):
            cost = min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != target))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == target:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return min(rows[-1][-1], most + 1)
