import json
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.domain.snapshots import Filters
from reviewapp.models import DatasetExport, DatasetSnapshot
from reviewapp.selectors.exports import export_path
from reviewapp.services.exports import SnapshotUnfinished, request_export
from reviewapp.services.snapshots import request_snapshot
from worker.tasks.exports import run_export
from worker.tasks.snapshots import run_snapshot


class Command(BaseCommand):
    help = (
        "Write a snapshot of the corrected dataset to a file, now and here; both are listed on the"
        " datasets page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, help="the file to write")
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.CSV)
        parser.add_argument("--snapshot", type=int, help="number of a snapshot; default: a new one")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(
        self, *, out: Path, format: str, snapshot: int | None, json: bool, **options: Any
    ) -> None:
        frozen = _frozen() if snapshot is None else _known(snapshot)
        export = _exported(frozen, ExportFormat(format))
        shutil.copyfile(export_path(export), out)
        outcome = {
            "file": str(out),
            "snapshot": frozen.pk,
            "digest": frozen.digest,
            "rows": export.rows_total,
            "bytes": export.size_bytes,
            "sha256": export.sha256,
        }
        self.stdout.write(_as_json(outcome) if json else _as_text(outcome))


def _frozen() -> DatasetSnapshot:
    snapshot = request_snapshot(filters=Filters(), note="", user=None, now=timezone.now())
    run_snapshot(snapshot.pk)
    snapshot.refresh_from_db()
    if snapshot.status != JobStatus.DONE:
        raise CommandError(snapshot.error or "The snapshot was taken over by a worker.")
    return snapshot


def _known(number: int) -> DatasetSnapshot:
    snapshot = DatasetSnapshot.objects.filter(pk=number).first()
    if snapshot is None:
        raise CommandError(f"There is no snapshot {number}.")
    return snapshot


def _exported(snapshot: DatasetSnapshot, export_format: ExportFormat) -> DatasetExport:
    try:
        export = request_export(
            snapshot=snapshot, export_format=export_format, user=None, now=timezone.now()
        )
    except SnapshotUnfinished as error:
        raise CommandError(f"Snapshot {snapshot.pk} is not finished.") from error
    run_export(export.pk)
    export.refresh_from_db()
    if export.status != JobStatus.DONE:
        raise CommandError(export.error or "The export was taken over by a worker.")
    return export


def _as_json(outcome: dict[str, Any]) -> str:
    return json.dumps(outcome)


def _as_text(outcome: dict[str, Any]) -> str:
    return "{file}: snapshot {snapshot}, {rows} rows, {bytes} bytes, sha256 {sha256}".format(
        **outcome
    )
