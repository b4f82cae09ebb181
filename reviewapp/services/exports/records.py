"""A frozen row as the formats show it, and the files that stand beside the rows."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from reviewapp.domain.data_card import data_card
from reviewapp.domain.snapshots import SnapshotRow, canonical_json, timestamp, weight
from reviewapp.domain.spreadsheet import guarded
from reviewapp.models import DatasetSnapshot

# The first column has no name, as in the challenge's own files.
X_COLUMNS: Final = ("", "designation", "description", "productid", "imageid")
Y_COLUMNS: Final = ("", "prdtypecode")
PROVENANCE_COLUMNS: Final = (
    "",
    "source",
    "external_id",
    "language",
    "image_sha256",
    "decided_at",
    "label_source",
    "moderator",
    "model_version",
    "reasons",
    "blind",
    "inclusion_probability",
    "weight",
    "answers",
    "agreement",
    "superseded_labels",
    "predicted_code",
    "confidence",
    "predicted_by",
    "group",
    "split",
)


def record(row: SnapshotRow) -> dict[str, Any]:
    """Return a row as plain values, in the order of its fields, with what follows from them."""
    return {
        **asdict(row),
        "decided_at": timestamp(row.decided_at),
        "agreement": row.agreement,
        "weight": weight(row.inclusion_probability),
    }


def x_cells(index: int, row: SnapshotRow) -> list[str]:
    """Return the cells of X_COLUMNS; texts are guarded against being run as formulas."""
    return [
        str(index),
        guarded(row.designation),
        guarded(row.description),
        str(row.product_id),
        _cell(row.image_id),
    ]


def y_cells(index: int, row: SnapshotRow) -> list[str]:
    return [str(index), str(row.code)]


def provenance_cells(index: int, row: SnapshotRow) -> list[str]:
    """Return the cells of PROVENANCE_COLUMNS."""
    return [
        str(index),
        guarded(row.source),
        guarded(row.external_id),
        guarded(row.language),
        _cell(row.image_sha256),
        timestamp(row.decided_at),
        row.label_source,
        row.moderator,
        guarded(row.model_version or ""),
        "|".join(row.reasons),
        "true" if row.is_blind else "false",
        repr(row.inclusion_probability),
        repr(weight(row.inclusion_probability)),
        str(row.answers),
        _cell(row.agreement),
        str(row.superseded),
        _cell(row.predicted_code),
        _cell(row.confidence),
        guarded(row.predicted_by or ""),
        row.group,
        row.split,
    ]


def side_files(snapshot: DatasetSnapshot) -> dict[str, bytes]:
    """Return the files that say what the rows are: manifest, classes, data card in two languages."""
    manifest = snapshot.manifest
    return {
        "manifest.json": canonical_json({**manifest, "digest": snapshot.digest}) + b"\n",
        "classes.json": _pretty(manifest["classes"]),
        "CARD.md": data_card(manifest, snapshot.digest, "en").encode(),
        "FICHE.md": data_card(manifest, snapshot.digest, "fr").encode(),
    }


def class_positions(snapshot: DatasetSnapshot) -> dict[int, int]:
    """Return where each category's code stands in the class order, from 0."""
    return {entry["code"]: place for place, entry in enumerate(snapshot.manifest["classes"])}


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
