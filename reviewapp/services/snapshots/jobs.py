"""The life of a snapshot: asked for, frozen by one worker, done or failed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from reviewapp.choices import JobStatus
from reviewapp.domain.snapshots import Filters
from reviewapp.models import DatasetSnapshot, User
from reviewapp.selectors.snapshots import file_sha256, snapshot_path
from reviewapp.services import leases
from reviewapp.services.snapshots.write import Frozen

SnapshotHold = leases.Hold[DatasetSnapshot]


def request_snapshot(
    *, filters: Filters, note: str, user: User | None, now: datetime
) -> DatasetSnapshot:
    """Note that a snapshot is wanted; a worker freezes what is live when it comes to it."""
    return DatasetSnapshot.objects.create(
        filters=filters.as_json(), note=note, requested_by=user, created_at=now
    )


def claim_snapshot(*, snapshot_id: int, now: datetime) -> SnapshotHold | None:
    """Take a snapshot that waits or whose worker has died; see `leases.claim`."""
    folder = Path(settings.PRIVATE_ROOT) / "snapshots"
    return leases.claim(DatasetSnapshot, job_id=snapshot_id, folder=folder, now=now)


def finish_snapshot(*, hold: SnapshotHold, frozen: Frozen, now: datetime) -> DatasetSnapshot:
    """Store what was frozen; the same content is kept on the disk once. Raises leases.JobLost."""

    def complete(snapshot: DatasetSnapshot) -> Path | None:
        snapshot.rows_total = snapshot.rows_done = frozen.rows
        snapshot.digest = frozen.digest
        snapshot.manifest = frozen.manifest
        snapshot.left_out = frozen.left_out
        snapshot.last_label = frozen.last_label
        path = snapshot_path(frozen.digest)
        twins = DatasetSnapshot.objects.filter(digest=frozen.digest, status=JobStatus.DONE)
        twin = twins.first()
        if twin is not None and path.is_file() and file_sha256(path) == twin.file_sha256:
            # Another version of the writer may make other bytes of the same rows.
            snapshot.file_sha256, snapshot.size_bytes = twin.file_sha256, twin.size_bytes
            return None
        snapshot.file_sha256, snapshot.size_bytes = frozen.file_sha256, frozen.size_bytes
        # The same rows again, where the file had been altered or removed.
        twins.update(file_sha256=frozen.file_sha256, size_bytes=frozen.size_bytes)
        return path

    return leases.finish(hold, complete=complete, now=now)
