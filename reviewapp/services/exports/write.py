"""Writing an export's file: one snapshot of the database, constant memory, the same bytes again."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from reviewapp.choices import ExportFormat
from reviewapp.selectors.exports import exportable_labels
from reviewapp.services.exports.csv_file import write_csv
from reviewapp.services.exports.npy_file import write_npy

OnProgress = Callable[[int, int], None]
_WRITERS = {ExportFormat.CSV: write_csv, ExportFormat.NPY: write_npy}


class ExportEmpty(Exception):
    """There is no label to export yet."""


@dataclass(frozen=True, slots=True)
class Written:
    """A complete file, still under its working name."""

    rows: int
    size_bytes: int
    sha256: str


def write_export(*, export_format: ExportFormat, part: Path, on_progress: OnProgress) -> Written:
    """Write the corrected dataset to `part`.

    on_progress: hears (rows done, rows in all) after each row; what it raises ends the writing.
    The same labels give the same bytes. Raises ExportEmpty.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    with _snapshot():
        total = exportable_labels().count()
        if not total:
            raise ExportEmpty
        on_progress(0, total)
        _WRITERS[export_format](part, total, on_progress)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(rows=total, size_bytes=part.stat().st_size, sha256=digest)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Let every query inside see the same state, however long the writing takes."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
