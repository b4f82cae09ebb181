"""The dataset in the challenge's layout: X and Y as CSV, and where each label comes from."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import DatasetSnapshot
from reviewapp.selectors.snapshots import frozen_rows
from reviewapp.services.exports import records
from reviewapp.services.exports.archive import write_table, zip_entry, zip_files

_README = """\
The corrected dataset of Bon Rayon in the layout of the Rakuten France challenge.

    X.csv           texts, product and picture of each row
    Y.csv           the category's code, by the same first column
    provenance.csv  where each label comes from, group and split, by the same first column
    classes.json    the categories in the order of the classes

productid and imageid are this site's own keys. The ids that the shops gave are external_id in
provenance.csv, each unique within its source.
A text that a spreadsheet could run as a formula has an apostrophe before it; so has one that opens
with an apostrophe. To undo it, drop one leading apostrophe from designation, description, source,
external_id, language, model_version and predicted_by.
CARD.md says how the labels were chosen and what they are good for.
"""
_TABLES: tuple[tuple[str, tuple[str, ...], Callable[[int, SnapshotRow], list[str]]], ...] = (
    ("X.csv", records.X_COLUMNS, records.x_cells),
    ("Y.csv", records.Y_COLUMNS, records.y_cells),
    ("provenance.csv", records.PROVENANCE_COLUMNS, records.provenance_cells),
)


def write_csv(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write a ZIP of three tables; the rows are read once for each."""
    total = snapshot.manifest["rows"]

    def rows(number: int) -> Iterator[tuple[int, SnapshotRow]]:
        for index, row in enumerate(frozen_rows(snapshot)):
            yield index, row
            on_progress((number * total + index + 1) // len(_TABLES), total)

    with zipfile.ZipFile(path, "w", compresslevel=3) as archive:
        for number, (name, columns, cells) in enumerate(_TABLES):
            with zip_entry(archive, name) as file:
                write_table(file, columns, (cells(index, row) for index, row in rows(number)))
        zip_files(archive, {**records.side_files(snapshot), "README.txt": _README.encode()})
