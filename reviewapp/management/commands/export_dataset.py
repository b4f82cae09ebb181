import json
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import ExportFormat, JobStatus
from reviewapp.selectors.exports import export_path
from reviewapp.services.exports import request_export
from worker.tasks.exports import run_export


class Command(BaseCommand):
    help = "Write the corrected dataset to a file, now and here; it is listed on the exports page."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("out", type=Path, help="the file to write")
        parser.add_argument("--format", choices=ExportFormat.values, default=ExportFormat.CSV)
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *, out: Path, format: str, json: bool, **options: Any) -> None:
        export = request_export(export_format=ExportFormat(format), user=None, now=timezone.now())
        run_export(export.pk)
        export.refresh_from_db()
        if export.status != JobStatus.DONE:
            raise CommandError(export.error or "The export was taken over by a worker.")
        shutil.copyfile(export_path(export), out)
        outcome = {
            "file": str(out),
            "rows": export.rows_total,
            "bytes": export.size_bytes,
            "sha256": export.sha256,
        }
        self.stdout.write(_as_json(outcome) if json else _as_text(outcome))


def _as_json(outcome: dict[str, Any]) -> str:
    return json.dumps(outcome)


def _as_text(outcome: dict[str, Any]) -> str:
    return "{file}: {rows} rows, {bytes} bytes, sha256 {sha256}".format(**outcome)
