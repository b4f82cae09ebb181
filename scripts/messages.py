"""Collect the strings of the site, and check that each has a French translation.

    python scripts/messages.py update   bring locale/fr up to date; translations are kept
    python scripts/messages.py check    exit 1 and list what is missing

English is the language of the message ids and needs no catalogue. Nothing here needs the gettext
programs: Babel reads Python, Django turns its templates into something Babel can read.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TextIO

import polib
from babel.messages.extract import extract
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/fr/LC_MESSAGES/django.po")
PYTHON_FOLDERS = ("reviewapp", "worker")
# The style guide shows samples to developers.
UNTRANSLATED_TEMPLATES = {
    "templates/styleguide.html",
    "templates/components/_styleguide_review.html",
}
# Names stay as they are in each language.
NAMES = {"Bon Rayon", "CSV", "NPY", "SHA-256"}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = {
    "Project-Id-Version": "Bon Rayon",
    "Language": "fr",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n > 1);",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]*[\d.*]*[diouxXeEfFgGcrs]|\{(\w*)\}|%([sd])")

# French sets a space before these, at which no line may break.
_LOOSE = re.compile(r" (?=[:;?!»]|%(?:%|\s|$))|(?<=«) ")

Key = tuple[str | None, str]


@dataclass
class Message:
    context: str | None
    id: str
    plural: str = ""
    files: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        return self.context, self.id


def python_files(root: Path) -> list[Path]:
    found = (path for folder in PYTHON_FOLDERS for path in (root / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def template_files(root: Path) -> list[Path]:
    found = sorted((root / "templates").rglob("*.html"))
    return [
        path for path in found if path.relative_to(root).as_posix() not in UNTRANSLATED_TEMPLATES
    ]


def collect(root: Path) -> dict[Key, Message]:
    """Read every message of the code and the templates below `root`, in the order of the files."""
    messages: dict[Key, Message] = {}
    for path in [*python_files(root), *template_files(root)]:
        source = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            # Outside its gettext calls the result holds only X and blanks; indentation would not
            # parse as Python.
            source = re.sub(r"(?m)^[ \t]+", "", templatize(source, origin=str(path)))
        name = path.relative_to(root).as_posix()
        for found in _read(source):
            message = messages.setdefault(found.key, found)
            message.plural = message.plural or found.plural
            if name not in message.files:
                message.files.append(name)
    return messages


def _read(source: str) -> Iterator[Message]:
    stream = io.BytesIO(source.encode())
    for _line, found, _comments, context in extract("python", stream, keywords=KEYWORDS):
        single, plural = found if isinstance(found, tuple) else (found, "")
        if single:
            yield Message(context, single, plural)


def _say(text: str, stream: TextIO = sys.stdout) -> None:
    stream.write(f"{text}\n")


def open_catalogue(path: Path) -> polib.POFile:
    if not path.exists():
        catalogue = polib.POFile(wrapwidth=100)
        catalogue.metadata = dict(HEADER)
        return catalogue
    return polib.pofile(str(path), wrapwidth=100)


def update(root: Path) -> int:
    """Write each message into the catalogue, translations kept; drop what is no longer used."""
    path = root / CATALOGUE
    known = {(entry.msgctxt, entry.msgid): entry for entry in open_catalogue(path)}
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = dict(HEADER)
    for message in collect(root).values():
        catalogue.append(_entry(message, known.get(message.key)))
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    missing = len(catalogue.untranslated_entries()) + len(catalogue.fuzzy_entries())
    _say(f"{CATALOGUE}: {len(catalogue)} messages, {missing} to translate")
    return 0


def _entry(message: Message, old: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(
        msgctxt=message.context,
        msgid=message.id,
        msgid_plural=message.plural,
        # No line numbers: they would change with every edit of the code.
        occurrences=[(name, "") for name in message.files],
        tcomment=old.tcomment if old else "",
        flags=[flag for flag in (old.flags if old else []) if flag == "fuzzy"],
    )
    if "%(" in message.id:
        entry.flags.append("python-format")
    if message.plural:
        texts = dict(old.msgstr_plural) if old and old.msgid_plural else {}
        entry.msgstr_plural = {0: tight(texts.get(0, "")), 1: tight(texts.get(1, ""))}
    elif old and not old.msgid_plural:
        entry.msgstr = tight(old.msgstr)
    return entry


def tight(french: str) -> str:
    """Return the text with no-break spaces where French wants them."""
    return _LOOSE.sub("\u00a0", french)


def check(root: Path) -> int:
    """Print each fault of the catalogue and each untranslated text; 1 when there is one."""
    messages = collect(root)
    catalogue = open_catalogue(root / CATALOGUE)
    faults = [*catalogue_faults(messages, catalogue), *template_faults(root)]
    for fault in faults:
        _say(fault, sys.stderr)
    if faults:
        _say(f"{len(faults)} faults. New strings: make messages, then translate.", sys.stderr)
        return 1
    _say(f"{CATALOGUE}: all {len(messages)} messages are translated")
    return 0


def catalogue_faults(messages: dict[Key, Message], catalogue: polib.POFile) -> Iterator[str]:
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    for key, message in messages.items():
        entry = known.pop(key, None)
        where = message.files[0]
        if entry is None or not entry.translated():
            state = "fuzzy" if entry is not None and entry.fuzzy else "no French"
            yield f"{where}: {state}: {message.id!r}"
        elif any(tight(text) != text for text in _translations(entry)):
            yield f"{where}: a line may break before a mark; run `make messages`: {message.id!r}"
        elif not _same_placeholders(entry):
            yield f"{where}: placeholders differ: {message.id!r} -> {_translations(entry)}"
    for _context, msgid in known:
        yield f"{CATALOGUE}: no longer used: {msgid!r}"


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def _same_placeholders(entry: polib.POEntry) -> bool:
    """True when formatting a translation cannot fail, nor lose a value.

    The singular of a plural may leave the number out ("one item"); its plural may not.
    """
    wanted = placeholders(entry.msgid_plural or entry.msgid)
    *singular, last = _translations(entry)
    return placeholders(last) == wanted and all(placeholders(one) <= wanted for one in singular)


def placeholders(text: str) -> set[str]:
    """Names of what is filled in: %(name)s, {name}, %s. "%%" is a plain per cent."""
    found = _PLACEHOLDER.finditer(text.replace("%%", ""))
    return {match[0] if match[1] is None else f"%({match[1]})" for match in found}


class _Words(HTMLParser):
    """Collects the words that a reader would see or hear."""

    # What these hold is code or a drawing, the same in every language.
    _SILENT = {"code", "kbd", "pre", "script", "style", "svg"}
    _SPOKEN = {"alt", "aria-label", "placeholder", "title", "data-empty", "data-placeholder"}

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self._SILENT
        for name, value in attrs:
            if name in self._SPOKEN:
                self._keep(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self._SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._keep(data)

    def _keep(self, text: str) -> None:
        for name in NAMES:
            text = text.replace(name, "")
        if re.search(r"[^\W\d_]{2}", text):
            self.found.append(" ".join(text.split()))


_DJANGO = re.compile(
    r"\{#.*?#\}"
    r"|\{%\s*comment\b.*?endcomment\s*%\}"
    r"|\{%\s*(blocktranslate|blocktrans)\b.*?end\1\s*%\}"
    r"|\{%\s*block wrap\s*%\}.*?\{%\s*endblock.*?%\}"  # holds a class
    r"|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)


# {% include … with title="Words" %} instead of title=_("Words")
_ARGUMENT = re.compile(
    r"\b(?:title|label|lead|text|hint|note|foot|status|placeholder|action_label)"
    r"=\"([^\"]*[^\W\d_]{2}[^\"]*)\""
)


def plain_words(source: str) -> list[str]:
    """Words of a template that stand outside {% translate %} and {% blocktranslate %}."""
    words = _Words()
    words.feed(_DJANGO.sub("", source))
    words.close()
    includes = re.findall(r"\{%\s*include\b.*?%\}", source)
    return words.found + [found for tag in includes for found in _ARGUMENT.findall(tag)]


def template_faults(root: Path) -> Iterable[str]:
    for path in template_files(root):
        for words in plain_words(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(root).as_posix()}: not translatable: {words!r}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=["update", "check"])
    command = parser.parse_args(arguments).command
    if not settings.configured:
        settings.configure()
    return update(ROOT) if command == "update" else check(ROOT)


if __name__ == "__main__":
    sys.exit(main())
