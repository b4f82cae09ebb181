"""Snapshots: one per message, frozen under the row's lease."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_noop

from reviewapp.domain.snapshots import Filters
from reviewapp.models import DatasetSnapshot
from reviewapp.selectors import snapshots as selectors
from reviewapp.selectors.snapshots import LabelCounts
from reviewapp.selectors.training import runs_waiting_for
from reviewapp.services import snapshots
from worker.app import app
from worker.tasks import jobs

# By name: its module imports this one.
_TRAINING: Final = "worker.tasks.training.run_training"
# Stored in English and translated where it is shown.
NO_LABELS = gettext_noop(
    "There are no labels yet: a snapshot holds products that a person has decided."
)
ALL_OUTDATED = gettext_noop(
    "Every label was given for an earlier text or picture of its product, and waits for a moderator"
    " to look again."
)
ALL_FILTERED = gettext_noop("There are labels, but none of them fits what was asked for.")
SNAPSHOT_GONE = gettext_noop("The file of this snapshot has been removed; make a new snapshot.")
SNAPSHOT_ALTERED = gettext_noop(
    "The file of the snapshot is not the one that was frozen: its SHA-256 is another. Put the file"
    " back from a backup, or make a new snapshot."
)


def wake_snapshots(snapshot_id: int) -> None:
    """Tell a worker of a snapshot, once the present transaction is committed."""
    jobs.wake(run_snapshot, snapshot_id)


@app.task(soft_time_limit=jobs.SOFT_LIMIT, time_limit=jobs.HARD_LIMIT)
def run_snapshot(snapshot_id: int) -> None:
    """Freeze a snapshot. Safe to repeat: who does not get the row does nothing."""
    hold = snapshots.claim_snapshot(snapshot_id=snapshot_id, now=timezone.now())
    if hold is None:
        return
    filters = Filters.from_json(DatasetSnapshot.objects.get(pk=snapshot_id).filters)

    def freeze(note: jobs.OnProgress) -> None:
        try:
            frozen = snapshots.freeze(
                filters=filters, part=hold.part, now=timezone.now(), on_progress=note
            )
        except snapshots.SnapshotEmpty as empty:
            raise jobs.JobRefused(why_empty(empty.counts)) from empty
        snapshots.finish_snapshot(hold=hold, frozen=frozen, now=timezone.now())

    jobs.work(hold, freeze)
    for run_id in runs_waiting_for(snapshot_id):
        jobs.send(app.signature(_TRAINING), run_id)


def checked(snapshot: DatasetSnapshot | None) -> DatasetSnapshot:
    """Return the snapshot; refuse a job when its file is gone or not the one that was frozen."""
    try:
        if snapshot is None:
            raise FileNotFoundError
        selectors.check_file(snapshot)
    except FileNotFoundError as error:
        raise jobs.JobRefused(SNAPSHOT_GONE) from error
    except selectors.SnapshotAltered as error:
        raise jobs.JobRefused(SNAPSHOT_ALTERED) from error
    return snapshot


def why_empty(counts: LabelCounts) -> str:
    """Say why no label fits, in English as stored."""
    if counts.filtered:
        return ALL_FILTERED
    return ALL_OUTDATED if counts.outdated else NO_LABELS
