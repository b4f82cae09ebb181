"""The dataset as JSON Lines and as Parquet: one table, every column."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reviewapp.domain.snapshots import WEIGHT_LIMIT, canonical_json
from reviewapp.models import DatasetSnapshot
from reviewapp.selectors.snapshots import ARROW_SCHEMA, frozen_rows, snapshot_path
from reviewapp.services.exports.records import record


def write_jsonl(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write one JSON object per row, in UTF-8."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number, row in enumerate(frozen_rows(snapshot), start=1):
            file.write(json.dumps(record(row), ensure_ascii=False, allow_nan=False) + "\n")
            on_progress(number, snapshot.manifest["rows"])


def write_parquet(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write a table with the manifest in its metadata, row group by row group."""
    manifest = canonical_json({**snapshot.manifest, "digest": snapshot.digest})
    schema = ARROW_SCHEMA.append(pa.field("agreement", pa.float64()))
    schema = schema.append(pa.field("weight", pa.float64(), nullable=False))
    schema = schema.with_metadata({"bonrayon.manifest": manifest})
    done = 0
    with (
        pq.ParquetFile(snapshot_path(snapshot.digest)) as frozen,
        pq.ParquetWriter(path, schema, compression="zstd") as file,
    ):
        for number in range(frozen.num_row_groups):
            table = frozen.read_row_group(number)
            columns = [*table.columns, _agreement(table), _weight(table)]
            file.write_table(pa.table(columns, schema=schema))
            done += table.num_rows
            on_progress(done, snapshot.manifest["rows"])


def _agreement(table: pa.Table) -> pa.ChunkedArray:
    answers = pc.cast(table["answers"], pa.float64())
    asked = pc.if_else(pc.greater(answers, 0), answers, None)
    return pc.divide(pc.cast(table["agreeing"], pa.float64()), asked)


def _weight(table: pa.Table) -> pa.ChunkedArray:
    return pc.min_element_wise(pc.divide(1.0, table["inclusion_probability"]), WEIGHT_LIMIT)
