"""Snapshots: live labels frozen into a named, immutable dataset."""

from reviewapp.services.snapshots.jobs import (
    SnapshotHold,
    claim_snapshot,
    finish_snapshot,
    request_snapshot,
)
from reviewapp.services.snapshots.write import Frozen, SnapshotEmpty, freeze

__all__ = [
    "Frozen",
    "SnapshotEmpty",
    "SnapshotHold",
    "claim_snapshot",
    "finish_snapshot",
    "freeze",
    "request_snapshot",
]
