"""Exports: one file per message, made under the row's lease."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_noop

from reviewapp.choices import ExportFormat
from reviewapp.models import DatasetExport
from reviewapp.services import exports
from worker.app import app
from worker.tasks import jobs

# Stored in English and translated where it is shown.
SNAPSHOT_GONE = gettext_noop("The file of this snapshot has been removed; make a new snapshot.")


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
        if export.snapshot is None or not exports.is_on_disk(export.snapshot):
            raise jobs.JobRefused(SNAPSHOT_GONE)
        written = exports.write_export(
            snapshot=export.snapshot,
            export_format=ExportFormat(export.format),
            part=hold.part,
            on_progress=note,
        )
        exports.finish_export(hold=hold, written=written, now=timezone.now())

    jobs.work(hold, write)
