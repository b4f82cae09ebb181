"""Rows of CSV, YAML and JSON Lines tables, with errors that name file and row."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from classifier.errors import DataInvalid

Row = Mapping[str, str]

_FIELD_LIMIT: Final = 2**24  # characters; the csv module's own limit is 131,072


def csv_rows(table: Path, *columns: str) -> Iterator[Row]:
    """Yield the rows of a CSV file.

    Raises DataInvalid when one of `columns` is absent or a row is ragged.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name or "(unnamed index)" for name in columns if name not in _head(reader)]
            if missing:
                raise DataInvalid(f"{table}: no column {', '.join(missing)}.")
            for number, row in enumerate(reader, start=1):
                if None in row or None in row.values():
                    raise DataInvalid(f"{table}: row {number} has too many or too few cells.")
                yield row
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataInvalid(f"{table}: not a UTF-8 CSV file ({error}).") from error


def _head(reader: csv.DictReader[str]) -> Sequence[str]:
    return reader.fieldnames or ()


def jsonl_rows(table: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a JSON Lines file. Raises DataInvalid, naming the row."""
    with table.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DataInvalid(f"{table}: row {number} is no JSON ({error}).") from error
            if not isinstance(row, dict):
                raise DataInvalid(f"{table}: row {number} is no JSON object.")
            yield row


def yaml_rows(table: Path) -> Iterator[Row]:
    """Yield the products of a YAML list, every value as text."""
    try:
        import yaml
    except ImportError as error:
        raise DataInvalid(f"{table}: reading it needs the package PyYAML.") from error
    try:
        rows = yaml.safe_load(table.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataInvalid(f"{table}: not a YAML file ({error}).") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataInvalid(f"{table}: expected a list of products.")
    for row in rows:
        yield {str(name): "" if value is None else str(value) for name, value in row.items()}
