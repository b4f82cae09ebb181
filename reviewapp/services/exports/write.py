"""Writing a snapshot in one format: frozen rows in, constant memory, the same bytes again."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewapp.choices import ExportFormat
from reviewapp.models import DatasetSnapshot
from reviewapp.services.exports.csv_file import write_csv
from reviewapp.services.exports.imagefolder import write_imagefolder
from reviewapp.services.exports.label_studio import write_label_studio
from reviewapp.services.exports.line_files import write_jsonl, write_parquet
from reviewapp.services.exports.npy_file import write_npy

OnProgress = Callable[[int, int], None]
_WRITERS: dict[ExportFormat, Callable[[Path, DatasetSnapshot, OnProgress], None]] = {
    ExportFormat.CSV: write_csv,
    ExportFormat.NPY: write_npy,
    ExportFormat.JSONL: write_jsonl,
    ExportFormat.PARQUET: write_parquet,
    ExportFormat.IMAGEFOLDER: write_imagefolder,
    ExportFormat.LABEL_STUDIO: write_label_studio,
}
ENDINGS = {
    ExportFormat.CSV: "zip",
    ExportFormat.NPY: "zip",
    ExportFormat.JSONL: "jsonl",
    ExportFormat.PARQUET: "parquet",
    ExportFormat.IMAGEFOLDER: "tar",
    ExportFormat.LABEL_STUDIO: "json",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A complete file, still under its working name."""

    rows: int
    size_bytes: int
    sha256: str


def write_export(
    *,
    snapshot: DatasetSnapshot,
    export_format: ExportFormat,
    part: Path,
    on_progress: OnProgress,
) -> Written:
    """Write a finished snapshot to `part`.

    on_progress: hears (rows done, rows in all) after each row; what it raises ends the writing.
    The same snapshot gives the same bytes as long as the pictures and this program's libraries are
    the same. Raises FileNotFoundError when the snapshot's file is gone.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    total = snapshot.manifest["rows"]
    on_progress(0, total)
    _WRITERS[export_format](part, snapshot, on_progress)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Written(rows=total, size_bytes=part.stat().st_size, sha256=digest)
