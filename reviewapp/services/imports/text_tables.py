"""CSV and JSON Lines, read row by row; no more than one row is in memory."""

import codecs
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from reviewapp.domain.imports import (
    Columns,
    ImportRow,
    ImportUnreadable,
    recognise,
    unreadable_row,
)
from reviewapp.services.imports.csv_records import ROW_CHARS, BrokenLine, csv_records

FALLBACK_ENCODING = "cp1252"
_CHUNK = 2**20
_DELIMITERS = (",", ";", "\t")


def detect_encoding(path: Path) -> str:
    """Tell UTF-8, UTF-16 with its mark, or else Windows-1252, which old exports come in."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return FALLBACK_ENCODING
    return "utf-8-sig"


def csv_rows(path: Path, encoding: str) -> Iterator[ImportRow]:
    """Yield the rows of a CSV file; one that cannot be read comes with its problem.

    Raises ImportUnreadable for an empty file and for missing columns.
    """
    with _open_text(path, encoding) as file:
        names, delimiter = _header(file.readline(ROW_CHARS))
        columns = recognise(names)
        records = csv_records(file, delimiter, len(names))
        for number, cells in enumerate(records, start=1):
            yield _csv_row(number, cells, names, columns)


def jsonl_rows(path: Path, encoding: str) -> Iterator[ImportRow]:
    """Yield the rows of a JSON Lines file; one that cannot be read comes with its problem."""
    with _open_text(path, encoding) as file:
        number = 0
        while line := file.readline(ROW_CHARS):
            is_whole = line.endswith("\n") or len(line) < ROW_CHARS
            while not is_whole and (rest := file.readline(_CHUNK)):
                is_whole = rest.endswith("\n")
                line = ""
            if line.strip() or not line:
                number += 1
                yield _json_row(number, line)


def _open_text(path: Path, encoding: str) -> TextIO:
    # Five bytes mean nothing in Windows-1252; one odd character is better than no import.
    return path.open(encoding=encoding, errors="replace", newline="")


def _header(line: str) -> tuple[list[str], str]:
    """Split the first line by the delimiter that gives known columns, or else the most columns."""
    if not line.strip():
        raise ImportUnreadable(_("The file is empty."))
    candidates = []
    for delimiter in _DELIMITERS:
        try:
            names = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        candidates.append((names, delimiter))
        try:
            recognise(names)
        except ImportUnreadable:
            continue
        return names, delimiter
    if not candidates:
        raise ImportUnreadable(_("The file is not a CSV table."))
    return max(candidates, key=lambda candidate: len(candidate[0]))


def _csv_row(
    number: int, cells: list[str] | BrokenLine, names: list[str], columns: Columns
) -> ImportRow:
    if isinstance(cells, BrokenLine):
        return unreadable_row(number, cells.problem)
    if len(cells) != len(names):
        return unreadable_row(
            number,
            _("The row has %(cells)s cells; the header has %(columns)s.")
            % {"cells": len(cells), "columns": len(names)},
        )
    return columns.row(number, dict(zip(names, cells, strict=True)))


def _json_row(number: int, line: str) -> ImportRow:
    if not line:
        return unreadable_row(number, _("The line is too long."))
    try:
        cells: Any = json.loads(line)
    except json.JSONDecodeError as error:
        message = _("The line is not valid JSON from character %(place)s on.")
        return unreadable_row(number, message % {"place": error.pos + 1})
    except (ValueError, RecursionError):
        return unreadable_row(number, _("The line is not valid JSON."))
    if not isinstance(cells, dict):
        return unreadable_row(number, _("The line is not a JSON object."))
    try:
        columns = recognise(list(cells))
    except ImportUnreadable as error:
        return unreadable_row(number, error.message)
    return columns.row(number, cells)
