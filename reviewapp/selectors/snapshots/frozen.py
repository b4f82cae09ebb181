"""Reading a finished snapshot: its frozen rows, in constant memory, in the order of products."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from reviewapp.domain.snapshots import SnapshotRow
from reviewapp.models import DatasetSnapshot

_BATCH = 2000
# In the order of SnapshotRow's fields.
ARROW_SCHEMA: Final = pa.schema(
    [
        pa.field("product_id", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("external_id", pa.string(), nullable=False),
        pa.field("designation", pa.string(), nullable=False),
        pa.field("description", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("image_id", pa.int64()),
        pa.field("image_sha256", pa.string()),
        pa.field("input_digest", pa.string(), nullable=False),
        pa.field("code", pa.int64(), nullable=False),
        pa.field("decided_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("label_source", pa.string(), nullable=False),
        pa.field("moderator", pa.string(), nullable=False),
        pa.field("model_version", pa.string()),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
        pa.field("is_blind", pa.bool_(), nullable=False),
        pa.field("inclusion_probability", pa.float64(), nullable=False),
        pa.field("answers", pa.int32(), nullable=False),
        pa.field("agreeing", pa.int32(), nullable=False),
        pa.field("superseded", pa.int32(), nullable=False),
        pa.field("predicted_code", pa.int64()),
        pa.field("confidence", pa.float64()),
        pa.field("predicted_by", pa.string()),
        pa.field("group", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
    ]
)
FIELDS: Final = tuple(field.name for field in fields(SnapshotRow))


def snapshot_path(digest: str) -> Path:
    """Return where the rows of the snapshot of this content lie."""
    return Path(settings.PRIVATE_ROOT) / "snapshots" / f"{digest}.parquet"


class SnapshotAltered(Exception):
    """The file of a snapshot is not the one that was frozen: its sha256 is another."""


def check_file(snapshot: DatasetSnapshot) -> None:
    """Hash the snapshot's file, in constant memory, before its rows are relied on.

    Raises SnapshotAltered, and FileNotFoundError when it has been removed from the disk.
    """
    path = snapshot_path(snapshot.digest)
    if file_sha256(path) != snapshot.file_sha256:
        raise SnapshotAltered(path.name)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def frozen_rows(snapshot: DatasetSnapshot) -> Iterator[SnapshotRow]:
    """Yield the rows as they were frozen, whatever has become of labels and products since.

    Raises FileNotFoundError when the file has been removed from the disk.
    """
    for batch in _batches(snapshot, FIELDS):
        columns = [batch.column(name).to_pylist() for name in FIELDS]
        for values in zip(*columns, strict=True):
            yield SnapshotRow(*values)


def frozen_columns(snapshot: DatasetSnapshot, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield only these columns, which costs a fraction of reading all of them."""
    for batch in _batches(snapshot, names):
        yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)


def _batches(snapshot: DatasetSnapshot, names: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(snapshot_path(snapshot.digest)) as file:
        yield from file.iter_batches(batch_size=_BATCH, columns=list(names))
