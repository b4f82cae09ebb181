"""Where the files of an import lie."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from reviewapp.models import CatalogueImport

TABLE, LABELS, ARCHIVE, FOLDER, ARRAY = (
    "table",
    "labels",
    "images_zip",
    "images_folder",
    "images_npy",
)
_REPORT = "report.csv"
_CUT_UPLOAD_KEPT = 24 * 3600


def folder_of(job: CatalogueImport) -> Path:
    return Path(settings.PRIVATE_ROOT) / "imports" / str(job.pk)


def path_of(job: CatalogueImport, kind: str) -> Path | None:
    """Return where a file of the import lies; an import of the command line names absolute paths."""
    name = job.files.get(kind)
    return folder_of(job) / name if name else None


def report_path(job: CatalogueImport) -> Path:
    return folder_of(job) / _REPORT


def keep_uploads(job: CatalogueImport, uploads: Iterable[tuple[str, UploadedFile[Any]]]) -> None:
    """Put uploads into the import's folder under names of our own; the sender's are never used."""
    folder_of(job).mkdir(parents=True, exist_ok=True)
    for kind, upload in uploads:
        target = folder_of(job) / job.files[kind]
        if hasattr(upload, "temporary_file_path"):
            shutil.move(upload.temporary_file_path(), target)
        else:
            with target.open("wb") as file:
                file.writelines(upload.chunks())


def forget_cut_uploads(*, now: datetime) -> int:
    """Delete what uploads left behind whose web process died a day ago; return how many files."""
    cut = [
        path
        for path in Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*")
        if now.timestamp() - path.stat().st_mtime > _CUT_UPLOAD_KEPT
    ]
    for path in cut:
        path.unlink(missing_ok=True)
    return len(cut)


def discard_uploads(job: CatalogueImport) -> None:
    """Delete what was uploaded, keeping the report. Files of the server's own stay."""
    for kind in (TABLE, LABELS, ARCHIVE, ARRAY):
        path = path_of(job, kind)
        if path is not None and path.is_relative_to(folder_of(job)):
            path.unlink(missing_ok=True)
