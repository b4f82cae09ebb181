from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.utils import timezone

from reviewapp.choices import ImportFormat, JobStatus
from reviewapp.domain.imports import table_format
from reviewapp.models import CatalogueImport, User
from reviewapp.services.imports import files
from reviewapp.services.imports.jobs import request_local_import
from reviewapp.services.imports.run import run_import
from worker.tasks.classify import wake_workers


class Command(BaseCommand):
    help = (
        "Import products from a CSV in the challenge layout (or a plain one), JSON Lines or"
        " Parquet, with pictures from a folder, a ZIP or an NPY array. Importing the same files"
        " again changes nothing. Ends with 1 when a file cannot be used at all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("table", type=Path)
        parser.add_argument("--labels", type=Path, help="second table: index and prdtypecode")
        parser.add_argument("--images", type=Path, help="folder or ZIP of pictures")
        parser.add_argument("--npy", type=Path, help="pictures N×H×W×3 of uint8, in row order")
        parser.add_argument("--source", required=True, help="name of the feed, e.g. challenge")
        parser.add_argument("--seller", help="username of the seller the products belong to")

    def handle(self, *, table: Path, source: str, seller: str | None, **options: Any) -> None:
        job = request_local_import(
            seller=_seller(seller),
            source=_slug(source),
            table_format=_format(table),
            paths=_paths(table, options),
            now=timezone.now(),
        )
        status = run_import(import_id=job.pk, clock=timezone.now, on_batch=self._progress)
        job.refresh_from_db()
        if self.stderr.isatty():
            self.stderr.write("")
        if status != JobStatus.DONE:
            raise CommandError(job.error or "The import was taken over by a worker.")
        self._summary(job)

    def _progress(self, job: CatalogueImport) -> None:
        wake_workers()
        if self.stderr.isatty():
            self.stderr.write(f"\r{job.rows_done}/{job.rows_total} rows", ending="")
            self.stderr.flush()

    def _summary(self, job: CatalogueImport) -> None:
        self.stdout.write(
            f"{job.rows_done} rows: {job.created_count} created, {job.updated_count} updated,"
            f" {job.unchanged_count} unchanged, {job.refused_count} refused."
        )
        if job.files.get("encoding") == "cp1252":
            self.stdout.write("The table is not UTF-8; it was read as Windows-1252.")
        if job.unnamed_pictures:
            self.stdout.write(
                f"{job.unnamed_pictures} pictures of the archive belong to no row,"
                f" {job.unnamed_example} for instance."
            )
        self.stdout.write(f"Report: {files.report_path(job)}")


def _seller(username: str | None) -> User | None:
    if username is None:
        return None
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist:
        raise CommandError(f"There is no user {username}.") from None


def _slug(source: str) -> str:
    try:
        validate_slug(source)
    except ValidationError:
        raise CommandError("--source may hold letters, digits, hyphens, underscores.") from None
    return source


def _format(table: Path) -> ImportFormat:
    found = table_format(table.name)
    if found is None:
        raise CommandError(f"{table.name}: the name must end in .csv, .tsv, .jsonl or .parquet.")
    return found


def _paths(table: Path, options: dict[str, Any]) -> dict[str, Path]:
    images: Path | None = options["images"]
    is_folder = images is not None and images.is_dir()
    wanted = {
        files.TABLE: table,
        files.LABELS: options["labels"],
        files.FOLDER if is_folder else files.ARCHIVE: images,
        files.ARRAY: options["npy"],
    }
    return {kind: path for kind, path in wanted.items() if path is not None}
