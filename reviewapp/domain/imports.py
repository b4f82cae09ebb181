"""Rows of a bulk import: which column means what, and what one row says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from reviewapp.choices import ImportFormat
from reviewapp.domain.products import LARGEST_CODE, ProductRefused

# The challenge's own names first; the others are those of shop exports.
_ALIASES: dict[str, tuple[str, ...]] = {
    "external_id": ("external_id", "productid", "product_id", "sku", "id"),
    "designation": ("designation", "title", "name"),
    "description": ("description",),
    "imageid": ("imageid", "image_id"),
    "image": ("image", "image_file", "image_path", "picture"),
    "given_code": ("prdtypecode", "given_code"),
    "language": ("language", "lang"),
    "index": ("", "unnamed: 0", "index", "__index_level_0__"),
}
_REQUIRED = ("external_id", "designation")
_SHOWN_COLUMNS = 12
_ENDINGS = {
    ".csv": ImportFormat.CSV,
    ".tsv": ImportFormat.CSV,
    ".txt": ImportFormat.CSV,
    ".jsonl": ImportFormat.JSONL,
    ".ndjson": ImportFormat.JSONL,
    ".parquet": ImportFormat.PARQUET,
}
# What file systems take as one name; and a path that leaves room for the folder it lies in.
_NAME_BYTES = 255
_PATH_BYTES = 2048
LANGUAGE_PATTERN = r"^[a-z]{2}(-[a-z]{2})?$"
_WHOLE = re.compile(r"[0-9]{1,18}(\.0+)?")
_DRIVE = re.compile(r"[A-Za-z]:")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(eq=False)
class ImportUnreadable(Exception):
    """A file of the import cannot be used at all; `message` says to the sender what to change."""

    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row as the file has it, by meaning; `number` counts data rows from 1.

    description, index: None when the file has no such column, or the line no such key
    problem: why the row cannot be read at all; empty when it can
    """

    number: int
    external_id: str = ""
    designation: str = ""
    description: str | None = None
    imageid: str = ""
    image: str = ""
    given_code: str = ""
    language: str = ""
    index: str | None = None
    problem: str = ""

    @property
    def place(self) -> str:
        """The index that a file of labels has for the row: without one rows count from 0, as in
        pandas."""
        return str(self.number - 1) if self.index is None else self.index

    @property
    def picture_name(self) -> str:
        """The picture's file name: as written, or by the challenge's rule; "" for none."""
        if self.image.strip() or not self.imageid.strip():
            return self.image.strip()
        return f"image_{self.imageid.strip()}_product_{self.external_id.strip()}.jpg"


@dataclass(frozen=True, slots=True)
class Columns:
    """The file's column of each meaning, by the file's own name for it."""

    names: Mapping[str, str] = field(default_factory=dict)

    def row(self, number: int, cells: Mapping[str, Any]) -> ImportRow:
        """Read one row; a value that is neither text nor number makes it a problem."""
        texts: dict[str, str] = {}
        for meaning, name in self.names.items():
            text = _as_text(cells.get(name))
            if text is None:
                column = {"column": name}
                return unreadable_row(number, _("%(column)s is neither text nor number.") % column)
            texts[meaning] = text
        return ImportRow(number, **texts)


def unreadable_row(number: int, problem: str) -> ImportRow:
    return ImportRow(number, problem=problem)


def table_format(name: str) -> ImportFormat | None:
    """Tell a table's format from its file name; None for one that is not read."""
    return _ENDINGS.get(PurePosixPath(name.lower()).suffix)


def recognise(names: Sequence[str]) -> Columns:
    """Tell which column means what, by name, whatever the case.

    Raises ImportUnreadable when the id or the designation has no column.
    """
    by_fold = {name.strip().casefold(): name for name in reversed(names)}
    found = {
        meaning: by_fold[alias]
        for meaning, aliases in _ALIASES.items()
        for alias in reversed(aliases)
        if alias in by_fold
    }
    missing = [meaning for meaning in _REQUIRED if meaning not in found]
    if missing:
        wanted = _(" and ").join(" / ".join(_ALIASES[meaning]) for meaning in missing)
        there = ", ".join(name[:40] or _("(no name)") for name in names[:_SHOWN_COLUMNS])
        raise ImportUnreadable(
            _("There is no column %(wanted)s. The columns are: %(there)s.")
            % {"wanted": wanted, "there": there or "–"}
        )
    return Columns(found)


def given_code(raw: str) -> int | None:
    """Read a category code; None for an empty cell. Raises ProductRefused."""
    text = raw.strip()
    if not text:
        return None
    if not _WHOLE.fullmatch(text) or int(float(text)) > LARGEST_CODE:
        message = _("“%(code)s” is not a category code.") % {"code": text[:40]}
        raise ProductRefused("given_code", message)
    return int(text.split(".")[0])


def language(raw: str) -> str:
    """Read a language such as fr or fr-BE; "" for an empty cell. Raises ProductRefused."""
    text = raw.strip().lower().replace("_", "-")
    if text and not re.fullmatch(LANGUAGE_PATTERN, text):
        message = _("“%(language)s” is not a language; write fr, en or de.")
        raise ProductRefused("language", message % {"language": text[:40]})
    return text


def inside(name: str) -> str:
    """Return a picture's path with forward slashes.

    Raises ProductRefused for one that leads outside, that no file can have, or that is an address:
    nothing is fetched.
    """
    path = name.replace("\\", "/")
    # First, for no message may hold what no file can be written with.
    _check_writable(path)
    if _DRIVE.match(path) or path.startswith("/") or ".." in PurePosixPath(path).parts:
        message = _("The picture “%(name)s” lies outside; only names below the folder are read.")
        raise ProductRefused("image", message % {"name": name[:200]})
    if _ADDRESS.match(path):
        message = _("“%(name)s” is an address; pictures are not fetched, send them as files.")
        raise ProductRefused("image", message % {"name": name[:200]})
    if "\x00" in path:
        raise ProductRefused("image", _("The picture's name holds control characters."))
    return str(PurePosixPath(path))


def _check_writable(path: str) -> None:
    """Raise ProductRefused for a path that the system would not even look up."""
    try:
        parts = [part.encode() for part in path.split("/")]
    except UnicodeEncodeError as error:
        message = _("The picture's name holds half a character (a lone surrogate).")
        raise ProductRefused("image", message) from error
    if max(map(len, parts)) > _NAME_BYTES or len(path.encode()) > _PATH_BYTES:
        message = _("The picture's name “%(name)s…” is too long for a file.")
        raise ProductRefused("image", message % {"name": path[:40]})


def _as_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    # pandas writes a missing text as NaN, the one value that differs from itself.
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None
