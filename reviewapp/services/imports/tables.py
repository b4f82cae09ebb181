"""The table of an import, whatever its format."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from reviewapp.choices import ImportFormat
from reviewapp.domain.imports import ImportRow, ImportUnreadable, recognise
from reviewapp.services.imports import text_tables

_PARQUET_ROWS = 256


@dataclass(frozen=True, slots=True)
class Table:
    """A table of products. encoding: "" for Parquet, which has none."""

    path: Path
    format: ImportFormat
    encoding: str

    def rows(self) -> Iterator[ImportRow]:
        """Yield the rows. Raises ImportUnreadable."""
        return _READERS[self.format](self)


def open_table(path: Path, table_format: ImportFormat, encoding: str = "") -> Table:
    """Open a table; without `encoding`, it is detected. Raises ImportUnreadable."""
    if not path.is_file():
        raise ImportUnreadable(
            _("The file %(name)s is not there; send it again.") % {"name": path.name}
        )
    if table_format != ImportFormat.PARQUET and not encoding:
        encoding = text_tables.detect_encoding(path)
    return Table(path, table_format, encoding)


def _csv(table: Table) -> Iterator[ImportRow]:
    return text_tables.csv_rows(table.path, table.encoding)


def _jsonl(table: Table) -> Iterator[ImportRow]:
    return text_tables.jsonl_rows(table.path, table.encoding)


def _parquet(table: Table) -> Iterator[ImportRow]:
    # Half a second and 60 MB that a web process need not pay.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(table.path, memory_map=True, pre_buffer=False) as file:
            columns = recognise(file.schema_arrow.names)
            batches = file.iter_batches(_PARQUET_ROWS, columns=list(columns.names.values()))
            cells: dict[str, Any]
            number = 0
            for batch in batches:
                for cells in batch.to_pylist():
                    number += 1
                    yield columns.row(number, cells)
    except (pa.ArrowException, OSError) as error:
        raise ImportUnreadable(_("The file is not a readable Parquet table.")) from error


_READERS = {
    ImportFormat.CSV: _csv,
    ImportFormat.JSONL: _jsonl,
    ImportFormat.PARQUET: _parquet,
}
