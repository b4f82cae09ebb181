"""Exports: a snapshot as one file in one format, made by a worker under a lease."""

from reviewapp.services.exports.jobs import (
    ExportHold,
    SnapshotUnfinished,
    claim_export,
    finish_export,
    request_export,
)
from reviewapp.services.exports.write import Written, write_export

__all__ = [
    "ExportHold",
    "SnapshotUnfinished",
    "Written",
    "claim_export",
    "finish_export",
    "request_export",
    "write_export",
]
