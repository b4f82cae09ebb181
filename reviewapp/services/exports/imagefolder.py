"""The dataset as a Hugging Face image folder in one TAR: a folder per split, pictures as stored.

`datasets.load_dataset("imagefolder", data_dir=…)` reads the unpacked folder. Not a ZIP: its directory
would have to be kept in memory, half a gigabyte for a million pictures.
"""

import logging
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from reviewapp.choices import Split
from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import DatasetSnapshot, ProductImage
from reviewapp.selectors.snapshots import ARROW_SCHEMA, frozen_rows
from reviewapp.services.exports.archive import tar_bytes, tar_file
from reviewapp.services.exports.records import class_positions, record, side_files

logger = logging.getLogger(__name__)

# The folder says the split. Types are stated, not guessed from the rows: the reader wants the same
# in all splits, and a column may be empty in one of them.
_SCHEMA: Final = pa.schema(
    [
        pa.field("file_name", pa.string()),
        pa.field("label", pa.int64()),
        *(field for field in ARROW_SCHEMA if field.name != "split"),
        pa.field("agreement", pa.float64()),
        pa.field("weight", pa.float64()),
    ]
)
_GROUP: Final = 2000  # rows of each split that wait in memory


def write_imagefolder(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write pictures as they pass by, and each split's metadata.parquet behind them.

    A row without a picture has a null file_name; an empty split has no folder.
    """
    positions = class_positions(snapshot)
    with (
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".tables-") as folder,
        tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive,
    ):
        tables = {str(split): _Table(Path(folder) / f"{split}.parquet") for split in Split}
        with ExitStack() as stack:
            for table in tables.values():
                stack.callback(table.close)
            for number, row in enumerate(frozen_rows(snapshot), start=1):
                name = _add_picture(archive, row)
                tables[row.split].add(
                    {"file_name": name, "label": positions[row.code], **_plain(row)}
                )
                on_progress(number, snapshot.manifest["rows"])
        for split, table in tables.items():
            if table.path.exists():
                tar_file(archive, f"{split}/metadata.parquet", table.path)
        for name, content in side_files(snapshot).items():
            tar_bytes(archive, name, content)


class _Table:
    """One split's metadata, on the disk but for the newest rows; no file without a row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[dict[str, Any]] = []
        self._file: pq.ParquetWriter | None = None

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) == _GROUP:
            self._flush()

    def close(self) -> None:
        if self._rows:
            self._flush()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        if self._file is None:
            self._file = pq.ParquetWriter(self.path, _SCHEMA, compression="zstd")
        self._file.write_batch(pa.RecordBatch.from_pylist(self._rows, schema=_SCHEMA))
        self._rows.clear()


def _add_picture(archive: tarfile.TarFile, row: SnapshotRow) -> str | None:
    if row.image_sha256 is None:
        return None
    name = f"{row.product_id}.jpg"
    path = Path(settings.MEDIA_ROOT) / ProductImage(sha256=row.image_sha256).path
    try:
        tar_file(archive, f"{row.split}/{name}", path)
    except FileNotFoundError as error:
        logger.warning("Product %s is exported without its picture: %s", row.product_id, error)
        return None
    return name


def _plain(row: SnapshotRow) -> dict[str, Any]:
    """Return the row but for the split, which the folder says, and with the moment as one."""
    plain = {**record(row), "decided_at": row.decided_at}
    del plain["split"]
    return plain
