"""The dataset as Label Studio tasks: one JSON array with annotations and predictions.

The layout is Label Studio's documented one (labelstud.io/guide/task_format). `completed_by` is left
out: an import into Label Studio is refused when no user there has that id.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from reviewapp.domain.label_studio import choice_result
from reviewapp.domain.snapshots import SnapshotRow, timestamp
from reviewapp.models import DatasetSnapshot, ProductImage
from reviewapp.selectors.snapshots import frozen_rows
from reviewapp.services.exports.records import record


def write_label_studio(
    path: Path, snapshot: DatasetSnapshot, on_progress: Callable[[int, int], None]
) -> None:
    """Write the array task by task; without a PUBLIC_URL the pictures' addresses are relative."""
    names = {entry["code"]: entry["name_fr"] for entry in snapshot.manifest["classes"]}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for number, row in enumerate(frozen_rows(snapshot), start=1):
            file.write("[\n" if number == 1 else ",\n")
            file.write(json.dumps(_task(row, names), ensure_ascii=False, allow_nan=False))
            on_progress(number, snapshot.manifest["rows"])
        file.write("\n]\n")


def _task(row: SnapshotRow, names: dict[int, str]) -> dict[str, Any]:
    picture = ProductImage(sha256=row.image_sha256) if row.image_sha256 else None
    data = {key: value for key, value in record(row).items() if key not in _OWN_PLACE}
    # Label Studio takes a relative address for one of its own.
    image = f"{settings.PUBLIC_URL}{picture.url}" if picture else None
    task: dict[str, Any] = {
        "id": row.product_id,
        "data": {**data, "image": image},
        "annotations": [
            {
                "id": row.product_id,
                "result": [choice_result(f"label-{row.product_id}", row.code, names)],
                "was_cancelled": False,
                "ground_truth": row.is_blind,
                "created_at": timestamp(row.decided_at),
                "updated_at": timestamp(row.decided_at),
            }
        ],
        "predictions": [],
    }
    if row.predicted_code is not None:
        task["predictions"] = [
            {
                "model_version": row.predicted_by,
                "score": row.confidence,
                "result": [
                    choice_result(f"prediction-{row.product_id}", row.predicted_code, names)
                ],
            }
        ]
    return task


# What annotations and predictions say.
_OWN_PLACE = frozenset({"predicted_code", "confidence", "predicted_by"})
