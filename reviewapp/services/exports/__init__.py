"""Exports: the corrected dataset as one file, made by a worker under a lease."""

from reviewapp.services.exports.jobs import (
    ExportLost,
    Hold,
    claim_export,
    fail_export,
    finish_export,
    renew_export,
    request_export,
)
from reviewapp.services.exports.write import ExportEmpty, Written, write_export

__all__ = [
    "ExportEmpty",
    "ExportLost",
    "Hold",
    "Written",
    "claim_export",
    "fail_export",
    "finish_export",
    "renew_export",
    "request_export",
    "write_export",
]
