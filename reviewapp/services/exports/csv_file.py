"""The corrected dataset as CSV: the challenge's columns, then where each label comes from."""

import csv
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

from reviewapp.domain.spreadsheet import guarded
from reviewapp.selectors.exports import ExportRow, export_rows

# The first column has no name, as in the challenge's own files.
COLUMNS = (
    "",
    "designation",
    "description",
    "productid",
    "imageid",
    "prdtypecode",
    "source",
    "external_id",
    "image_sha256",
    "decided_at",
    "moderator",
    "model_version",
    "reasons",
    "blind",
    "inclusion_probability",
    "label_source",
    "superseded_labels",
)


def write_csv(path: Path, total: int, on_progress: Callable[[int, int], None]) -> None:
    """Write UTF-8 CSV (RFC 4180). Texts are guarded against being run as formulas."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for index, row in enumerate(export_rows()):
            writer.writerow(cells(index, row))
            on_progress(index + 1, total)


def cells(index: int, row: ExportRow) -> list[str]:
    """Return the cells of one row, in the order of COLUMNS."""
    return [
        str(index),
        guarded(row.designation),
        guarded(row.description),
        str(row.product_id),
        "" if row.image_id is None else str(row.image_id),
        str(row.code),
        guarded(row.source),
        guarded(row.external_id),
        row.image_sha256 or "",
        row.decided_at.astimezone(UTC).isoformat(timespec="seconds"),
        row.moderator,
        guarded(row.model_version or ""),
        "|".join(row.reasons),
        "true" if row.is_blind else "false",
        repr(row.inclusion_probability),
        row.label_source,
        str(row.superseded),
    ]
