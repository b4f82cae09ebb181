"""The life of an import: asked for, held by one worker at a time, done or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp import correlation
from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.domain.products import Outcome
from reviewapp.models import CatalogueImport, User
from reviewapp.services.imports import files

_ENDINGS = {
    files.TABLE: {
        ImportFormat.CSV: "table.csv",
        ImportFormat.JSONL: "table.jsonl",
        ImportFormat.PARQUET: "table.parquet",
    },
}
_NAMES = {files.LABELS: "labels.csv", files.ARCHIVE: "images.zip", files.ARRAY: "images.npy"}
_MESSAGE_DUE = timedelta(seconds=30)


class ImportLost(Exception):
    """Another worker has taken the import over; what was not committed is its to do."""


@dataclass(slots=True)
class Hold:
    """A worker's hold on an import: it lasts while the row's lease is the one written last."""

    job: CatalogueImport

    @property
    def lease(self) -> datetime | None:
        return self.job.lease_expires_at


def request_import(
    *,
    seller: User | None,
    source: str,
    table_format: ImportFormat,
    uploads: Mapping[str, UploadedFile[Any]],
    now: datetime,
    language: str = "",
) -> CatalogueImport:
    """Keep the uploaded files and note that they wait for their import.

    language: of the reasons in the report; "" for the seller's, or else the shop's; uploads: by the
    kinds of `services.imports.files`; the table is needed. The row appears only once its files are
    whole.
    """
    names = {kind: _NAMES.get(kind) or _ENDINGS[kind][table_format] for kind in uploads}
    with transaction.atomic():
        job = CatalogueImport.objects.create(
            format=table_format,
            source=source,
            seller=seller,
            files=names,
            language=language,
            correlation_id=correlation.current(),
            created_at=now,
        )
        files.keep_uploads(job, uploads.items())
    return job


def request_local_import(
    *,
    seller: User | None,
    source: str,
    table_format: ImportFormat,
    paths: Mapping[str, Path],
    now: datetime,
) -> CatalogueImport:
    """Note an import of files that lie on this server; they are read where they are."""
    return CatalogueImport.objects.create(
        format=table_format,
        source=source,
        seller=seller,
        files={kind: str(path.absolute()) for kind, path in paths.items()},
        correlation_id=correlation.current(),
        created_at=now,
    )


@transaction.atomic
def claim_import(*, import_id: int, now: datetime) -> Hold | None:
    """Take an import that waits, or whose worker has died; None when there is nothing to take.

    Locks the row. One whose workers died JOB_MAX_ATTEMPTS times at the same row fails
    instead, for a reason in its seller's language.
    """
    job = (
        CatalogueImport.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("seller")
        .filter(runnable(now), pk=import_id)
        .first()
    )
    if job is None:
        return None
    if job.status == JobStatus.RUNNING:
        job.attempts += 1
    if job.attempts >= settings.JOB_MAX_ATTEMPTS:
        with translation.override(language_of(job)):
            message = _("The import was cut off %(times)s times after row %(row)s.")
        _end(job, message % {"times": job.attempts, "row": job.rows_done}, now)
        return None
    job.status = JobStatus.RUNNING
    job.lease_expires_at = now + lease()
    job.save(update_fields=["status", "attempts", "lease_expires_at"])
    return Hold(job)


def lease() -> timedelta:
    """Return how long a worker may be silent; longer than any one batch takes, each renews it."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def language_of(job: CatalogueImport) -> str:
    """Return the language of the import's reasons: the page's that sent it, its seller's, or else
    the shop's."""
    return job.language or (job.seller.language if job.seller else "") or settings.LANGUAGE_CODE


def runnable(now: datetime) -> Q:
    """Imports that wait for a worker, or whose worker has died."""
    return Q(status=JobStatus.WAITING) | Q(status=JobStatus.RUNNING, lease_expires_at__lte=now)


def renew(hold: Hold, now: datetime) -> None:
    """Lock the import's row until the transaction ends and renew the lease.

    Raises ImportLost when another worker holds it. Its lease is never the same moment: it could
    take the import only after ours had run out.
    """
    current = CatalogueImport.objects.select_for_update().filter(pk=hold.job.pk).first()
    if current is None or current.status != JobStatus.RUNNING:
        raise ImportLost
    if current.lease_expires_at != hold.lease:
        raise ImportLost
    hold.job.lease_expires_at = now + lease()
    hold.job.save(update_fields=["lease_expires_at"])


def count_rows(hold: Hold, outcomes: Counter[Outcome]) -> None:
    """Note the outcomes of a batch and that so many more rows are done. Needs `renew` before."""
    job = hold.job
    job.rows_done += outcomes.total()
    job.created_count += outcomes[Outcome.CREATED]
    job.updated_count += outcomes[Outcome.UPDATED]
    job.unchanged_count += outcomes[Outcome.UNCHANGED]
    job.refused_count += outcomes[Outcome.REFUSED]
    job.attempts = 0
    job.save(
        update_fields=[
            "rows_done",
            "created_count",
            "updated_count",
            "unchanged_count",
            "refused_count",
            "attempts",
        ]
    )


@transaction.atomic
def still_here(hold: Hold, *, now: datetime) -> None:
    """Renew the lease during work that stores nothing."""
    renew(hold, now)


@transaction.atomic
def note_table(hold: Hold, *, rows: int, encoding: str, now: datetime) -> None:
    """Note what a first look at the table told."""
    renew(hold, now)
    hold.job.rows_total = rows
    hold.job.files["encoding"] = encoding
    hold.job.save(update_fields=["rows_total", "files"])


@transaction.atomic
def note_unnamed(hold: Hold, *, count: int, example: str, now: datetime) -> None:
    """Note how many pictures of the archive belong to no row, and one of them."""
    renew(hold, now)
    hold.job.unnamed_pictures = count
    hold.job.unnamed_example = example[:200]
    hold.job.save(update_fields=["unnamed_pictures", "unnamed_example"])


@transaction.atomic
def release(hold: Hold, *, now: datetime) -> None:
    """Give the import back, so that any worker can go on with it at once.

    Its lease then says when the message for the next slice must have got lost.
    """
    renew(hold, now)
    hold.job.status = JobStatus.WAITING
    hold.job.lease_expires_at = now + _MESSAGE_DUE
    hold.job.save(update_fields=["status", "lease_expires_at"])


@transaction.atomic
def finish(hold: Hold, *, now: datetime, error: str = "") -> None:
    """End the import, with `error` as failed, and delete its uploads."""
    renew(hold, now)
    _end(hold.job, error, now)


def _end(job: CatalogueImport, error: str, now: datetime) -> None:
    job.status = JobStatus.FAILED if error else JobStatus.DONE
    job.error = error
    job.lease_expires_at = None
    job.finished_at = now
    job.save(update_fields=["status", "attempts", "error", "lease_expires_at", "finished_at"])
    transaction.on_commit(lambda: files.discard_uploads(job))
