"""Fill sentence patterns with words that agree in gender and number.

A pattern holds tokens in braces:

    {n}  {n:le}  {n:un}  {n:ce}  {n:de}    the article's name, alone or after a French determiner
    {fact}                                 one sentence about the article
    {colour}  {colour#2}                   a word of the list "colour"; the same one each time within
                                           a product, `#2` another one
    {author:de}                            a word after "de", elided where needed
    {int:5:20}  {int:10:60:5}              a whole number, with an optional step
    {livré(e)}  {neuf|neuve|neufs|neuves}  a form that agrees with the article

A list entry that is written like the last two agrees too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reviewapp.demo.draw import Draw

TOKEN = re.compile(r"\{([^{}]+)\}")
GENDERS = ("m", "f", "mp", "fp")
MUTE_START = re.compile(r"^[aàâeéèêëiîïoôuùûyœæh]", re.IGNORECASE)
ASPIRATED_H = re.compile(
    r"^(ha(ch|ie|ll|lt|ma|nd|ng|rn|ri|ut)|hér(iss|on|os)|hib|hoch|hors|hott|hous|huch|huit)",
    re.IGNORECASE,
)
DETERMINERS: Mapping[str, tuple[str, str, str, str]] = {
    "le": ("le ", "la ", "les ", "les "),
    "un": ("un ", "une ", "des ", "des "),
    "ce": ("ce ", "cette ", "ces ", "ces "),
    "de": ("de ", "de ", "de ", "de "),
}
ELIDED: Mapping[str, tuple[str, str, str, str]] = {
    "le": ("l'", "l'", "les ", "les "),
    "un": ("un ", "une ", "des ", "des "),
    "ce": ("cet ", "cette ", "ces ", "ces "),
    "de": ("d'", "d'", "d'", "d'"),
}


class PatternError(ValueError):
    """A pattern names a list that does not exist, or is badly written."""


@dataclass(slots=True)
class Words:
    """What one product's texts may say, and what they have said so far."""

    name: str
    gender: str
    fact: str
    lists: Mapping[str, Sequence[str]]
    bound: dict[str, str] = field(default_factory=dict)
    # Lists whose entry is being filled at this moment, to notice one that asks for itself.
    open: set[str] = field(default_factory=set)


def fill(pattern: str, words: Words, draw: Draw) -> str:
    """Replace every token of `pattern`.

    Words drawn are remembered in `words.bound`, so that a title and its description agree.
    Raises PatternError for an unknown list or a pattern that refers to itself.
    """
    return TOKEN.sub(lambda match: _replace(match[1], words, draw), pattern)


def sentence_case(text: str) -> str:
    """Capitalise the first letter and every letter after a full stop, tag or line break."""
    return re.sub(
        r"(^|[.!?…] +|\n\s*|<(?:p|li|b|br ?/?)>\s*)([a-zà-ÿœ])",
        lambda match: match[1] + match[2].upper(),
        text,
    )


def agree(form: str, gender: str) -> str:
    """Return the form of `form` for "m", "f", "mp" or "fp".

    `livré(e)` is regular; `blanc|blanche|blancs|blanches` spells out the four forms.
    """
    position = GENDERS.index(gender)
    if "|" in form:
        forms = form.split("|")
        if len(forms) != len(GENDERS):
            raise PatternError(f"{form!r} needs the four forms m|f|mp|fp")
        return forms[position]
    plural = "" if form.split("(e)")[0][-1:] in "sx" else "s"
    return form.replace("(e)", ("", "e", plural, "es")[position])


def with_determiner(kind: str, noun: str, gender: str) -> str:
    """Put le, un, ce or de before a noun, with agreement and elision."""
    table = ELIDED if _elides(noun) else DETERMINERS
    if kind not in table:
        raise PatternError(f"unknown determiner {kind!r}")
    return table[kind][GENDERS.index(gender)] + noun


def _elides(noun: str) -> bool:
    return bool(MUTE_START.match(noun)) and not ASPIRATED_H.match(noun)


def _replace(slot: str, words: Words, draw: Draw) -> str:
    if "|" in slot or "(e)" in slot:
        return agree(slot, words.gender)
    if slot == "fact":
        return words.fact
    if slot.startswith("int:"):
        low, high, *step = (int(part) for part in slot.split(":")[1:])
        return str(draw.between(low, high, step[0] if step else 1))
    name, _, determiner = slot.partition(":")
    value = _bound_name(words, draw) if name == "n" else _bound_word(name, words, draw)
    return with_determiner(determiner, value, words.gender) if determiner else value


def _bound_name(words: Words, draw: Draw) -> str:
    if "n" not in words.bound:
        words.bound["n"] = fill(words.name, words, draw)
    return words.bound["n"]


def _bound_word(name: str, words: Words, draw: Draw) -> str:
    if name in words.bound:
        return words.bound[name]
    source = name.partition("#")[0]
    if source not in words.lists:
        raise PatternError(f"no list called {source!r}")
    if name in words.open:
        raise PatternError(f"the list {source!r} refers to itself")
    drawn = {value for key, value in words.bound.items() if key.partition("#")[0] == source}
    fresh = [entry for entry in words.lists[source] if entry not in drawn]
    entry = draw.pick(fresh or words.lists[source])
    if "{" not in entry and ("|" in entry or "(e)" in entry):
        entry = agree(entry, words.gender)
    words.open.add(name)
    words.bound[name] = fill(entry, words, draw)
    words.open.remove(name)
    return words.bound[name]
