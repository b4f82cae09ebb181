"""Collect the strings for translation, and check that none is missing.

    python scripts/messages.py update    bring locale/fr/LC_MESSAGES/django.po up to date
    python scripts/messages.py check     fail on a missing, fuzzy, unused or wrong translation

Babel reads the catalogue and the Python files; Django turns templates into something that Babel
can read. Neither needs GNU gettext, which a fresh machine lacks. English is the source language.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
_SOURCES = ("reviewapp/**/*.py", "worker/**/*.py", "classifier/**/*.py", "templates/**/*.html",
            "templates/**/*.txt", "reviewapp/templates/**/*.html")  # fmt: skip
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


def strings_in(path: Path) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Yield (line, message, comments, context) for each string marked for translation."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # A template's indentation is none that Python would accept.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.strip() for line in lines)
    source = io.BytesIO(text.encode())
    yield from extract("python", source, keywords=_KEYWORDS, comment_tags=("Translators:",))


def collect() -> Catalog:
    """Return a catalogue of everything marked for translation, with relative file names."""
    catalogue = Catalog(project="Bon Rayon", fuzzy=False)
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            for _line, message, comments, context in strings_in(path):
                # Without line numbers: they would change the file with every edit elsewhere.
                catalogue.add(
                    message, locations=[(name, None)], auto_comments=comments, context=context
                )
    return catalogue


def stored() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="fr", project="Bon Rayon", fuzzy=False)
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr")


def update() -> int:
    """Add new strings, drop unused ones, keep every translation."""
    catalogue = stored()
    catalogue.update(collect(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=100, sort_output=True, omit_header=False)
    missing = sum(1 for message in catalogue if message.id and not _is_translated(message))
    sys.stdout.write(f"{len(catalogue)} strings, {missing} without a translation\n")
    return 0


def check() -> int:
    """Report what is wrong with the catalogue; 1 when anything is."""
    wanted, have = collect(), stored()
    problems = []
    for message in wanted:
        if not message.id:
            continue
        found = have.get(message.id, message.context)
        where = message.locations[0][0]
        if found is None or not _is_translated(found):
            problems.append(f"{where}: no French for {message.id!r}")
        elif "fuzzy" in found.flags:
            problems.append(f"{where}: the French for {message.id!r} is marked fuzzy")
        elif not _same_placeholders(found):
            problems.append(f"{where}: other placeholders in the French for {message.id!r}")
    problems += [
        f"{CATALOGUE.name}: {message.id!r} is not used any more"
        for message in have
        if message.id and wanted.get(message.id, message.context) is None
    ]
    if not problems:
        sys.stdout.write(f"messages: {len(wanted)} strings, all translated\n")
        return 0
    sys.stdout.write("\n".join(problems) + "\nCollect with `make messages`, then translate.\n")
    return 1


def _is_translated(message: Message) -> bool:
    parts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(parts)


def _same_placeholders(message: Message) -> bool:
    """A placeholder that the source has not would fail at run time; a singular may drop one."""
    originals = message.id if isinstance(message.id, tuple | list) else (message.id,)
    translated = message.string if isinstance(message.string, tuple | list) else (message.string,)
    expected = set(_PLACEHOLDER.findall("".join(originals)))
    found = [set(_PLACEHOLDER.findall(part)) for part in translated]
    if len(originals) == 1:
        return found[0] == expected
    return set().union(*found) == expected


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("action", choices=["update", "check"])
    sys.exit({"update": update, "check": check}[parser.parse_args().action]())
