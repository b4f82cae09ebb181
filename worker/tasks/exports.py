"""Exports: one file per message, made under the row's lease."""

from __future__ import annotations

from django.utils import timezone

from reviewapp.choices import ExportFormat
from reviewapp.models import DatasetExport
from reviewapp.services import exports
from worker.app import app
from worker.tasks import jobs
from worker.tasks.snapshots import checked


def wake_exports(export_id: int) -> None:
    """Tell a worker of an export, once the present transaction is committed."""
    jobs.wake(run_export, export_id)


@app.task(soft_time_limit=jobs.SOFT_LIMIT, time_limit=jobs.HARD_LIMIT)
def run_export(export_id: int) -> None:
    """Make an export's file. Safe to repeat: who does not get the row does nothing."""
    hold = exports.claim_export(export_id=export_id, now=timezone.now())
    if hold is None:
        return
    export = DatasetExport.objects.select_related("snapshot").get(pk=export_id)

    def write(note: jobs.OnProgress) -> None:
        written = exports.write_export(
            snapshot=checked(export.snapshot),
            export_format=ExportFormat(export.format),
            part=hold.part,
            on_progress=note,
        )
        exports.finish_export(hold=hold, written=written, now=timezone.now())

    jobs.work(hold, write)
