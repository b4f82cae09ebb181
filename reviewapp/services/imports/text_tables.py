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

FALLBACK_ENCODING = "cp1252"
# Larger than any row we take: two texts of 200 kB, each character doubled or escaped.
_ROW_CHARS = 4 * 2**20
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
        names, delimiter = _header(file.readline(_ROW_CHARS))
        columns = recognise(names)
        for number, cells in enumerate(csv_records(file, delimiter), start=1):
            yield _csv_row(number, cells, names, columns)


def csv_records(file: TextIO, delimiter: str) -> Iterator[list[str] | csv.Error]:
    """Yield the records of an open CSV file; a record that breaks the rules as its error."""
    csv.field_size_limit(_ROW_CHARS)
    reader = csv.reader(file, delimiter=delimiter)
    while True:
        try:
            for cells in reader:
                if cells:  # a blank line is no row
                    yield cells
            return
        except csv.Error as error:
            # The reader starts afresh behind the bad record.
            yield error


def jsonl_rows(path: Path, encoding: str) -> Iterator[ImportRow]:
    """Yield the rows of a JSON Lines file; one that cannot be read comes with its problem."""
    with _open_text(path, encoding) as file:
        number = 0
        while line := file.readline(_ROW_CHARS):
            is_whole = line.endswith("\n") or len(line) < _ROW_CHARS
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
    number: int, cells: list[str] | csv.Error, names: list[str], columns: Columns
) -> ImportRow:
    if isinstance(cells, csv.Error):
        return unreadable_row(
            number, _("The row is not valid CSV: %(error)s.") % {"error": str(cells)}
        )
    while len(cells) > len(names) and not cells[-1]:
        cells.pop()
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
    except (ValueError, RecursionError) as error:
        return unreadable_row(
            number, _("The line is not valid JSON: %(error)s.") % {"error": str(error)}
        )
    if not isinstance(cells, dict):
        return unreadable_row(number, _("The line is not a JSON object."))
    try:
        columns = recognise(list(cells))
    except ImportUnreadable as error:
        return unreadable_row(number, error.message)
    return columns.row(number, cells)
