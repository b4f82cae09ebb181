"""Reading datasets: the labels that are live, and the rows that a snapshot has frozen."""

from reviewapp.selectors.snapshots.diff import ChangedRow, SnapshotPair, snapshot_pair
from reviewapp.selectors.snapshots.frozen import (
    ARROW_SCHEMA,
    FIELDS,
    SnapshotAltered,
    check_file,
    file_sha256,
    frozen_columns,
    frozen_rows,
    snapshot_path,
)
from reviewapp.selectors.snapshots.labels import (
    LabelCounts,
    label_counts,
    live_rows,
    pseudonym,
    selected_labels,
)
from reviewapp.selectors.snapshots.pages import (
    ClassCount,
    class_counts,
    finished_snapshots,
    recent_label_imports,
    recent_snapshots,
    snapshots_to_choose,
    split_totals,
)
from reviewapp.selectors.snapshots.training import TrainingRow, training_rows

__all__ = [
    "ARROW_SCHEMA",
    "FIELDS",
    "ChangedRow",
    "ClassCount",
    "LabelCounts",
    "SnapshotAltered",
    "SnapshotPair",
    "TrainingRow",
    "check_file",
    "class_counts",
    "file_sha256",
    "finished_snapshots",
    "frozen_columns",
    "frozen_rows",
    "label_counts",
    "live_rows",
    "pseudonym",
    "recent_label_imports",
    "recent_snapshots",
    "selected_labels",
    "snapshot_pair",
    "snapshot_path",
    "snapshots_to_choose",
    "split_totals",
    "training_rows",
]
