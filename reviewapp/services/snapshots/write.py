"""Freezing live labels into one Parquet file: one state of the database, constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection, transaction

from reviewapp.domain.snapshots import Filters, SnapshotRow, canonical_line, digest_of
from reviewapp.models import FeedbackLabel
from reviewapp.selectors.snapshots import (
    ARROW_SCHEMA,
    FIELDS,
    LabelCounts,
    file_sha256,
    label_counts,
    live_rows,
    selected_labels,
)
from reviewapp.services.snapshots.manifest import Tally
from reviewapp.services.snapshots.splits import assign_splits

OnProgress = Callable[[int, int], None]
# Rows of one row group; with texts of full length some 20 MB before compression.
_GROUP = 5000
# Any number of ours: names the lock under which splits are drawn.
_LOCK = 5_820_713


@dataclass(eq=False)
class SnapshotEmpty(Exception):
    """No label fits; `counts` says what is left out, and so why."""

    counts: LabelCounts


@dataclass(frozen=True, slots=True)
class Frozen:
    """A complete snapshot whose file still has its working name.

    last_label: highest id of a label of that state of the database
    """

    rows: int
    digest: str
    manifest: dict[str, Any]
    left_out: dict[str, int]
    last_label: int
    file_sha256: str
    size_bytes: int


def freeze(*, filters: Filters, part: Path, now: datetime, on_progress: OnProgress) -> Frozen:
    """Write the labels that fit `filters` to `part`, and give new products their split.

    on_progress: hears (rows done, rows in all) after each row; what it raises ends the writing.
    The same labels, products, taxonomy and filters give the same digest. Raises SnapshotEmpty.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(), _one_state():
        counts = label_counts(filters)
        if not counts.selected:
            raise SnapshotEmpty(counts)
        last_label = FeedbackLabel.objects.latest("pk").pk
        on_progress(0, counts.selected)
        merged = assign_splits(labels=selected_labels(filters), now=now)
        tally = Tally()
        rows = _counted(live_rows(filters, merged), tally, counts.selected, on_progress)
        rows_sha256 = _write(part, rows)
        manifest = tally.manifest(filters, rows_sha256)
    return Frozen(
        rows=counts.selected,
        digest=digest_of(manifest),
        manifest=manifest,
        last_label=last_label,
        left_out={"outdated": counts.outdated, "filtered": counts.filtered},
        file_sha256=file_sha256(part),
        size_bytes=part.stat().st_size,
    )


@contextmanager
def exclusive() -> Iterator[None]:
    """Let one worker at a time draw splits.

    The lock comes before the transaction, whose view of the data would else be from before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


@contextmanager
def _one_state() -> Iterator[None]:
    """Let every query inside see the same state, however long the writing takes."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _counted(
    rows: Iterator[SnapshotRow], tally: Tally, total: int, on_progress: OnProgress
) -> Iterator[SnapshotRow]:
    for number, row in enumerate(rows, start=1):
        tally.count(row)
        yield row
        on_progress(number, total)


def _write(part: Path, rows: Iterator[SnapshotRow]) -> str:
    """Write the rows to Parquet; return the sha256 over their canonical form."""
    digest = hashlib.sha256()
    with pq.ParquetWriter(part, ARROW_SCHEMA, compression="zstd") as file:
        while chunk := list(islice(rows, _GROUP)):
            for row in chunk:
                digest.update(canonical_line(row))
            columns = [
                pa.array([getattr(row, name) for row in chunk], field.type)
                for name, field in zip(FIELDS, ARROW_SCHEMA, strict=True)
            ]
            file.write_batch(pa.record_batch(columns, schema=ARROW_SCHEMA))
    return digest.hexdigest()
