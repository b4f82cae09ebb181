from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.domain.label_studio import TasksUnreadable
from reviewapp.services.label_imports import import_labels


class Command(BaseCommand):
    help = "Take choices made in Label Studio (its JSON export) as labels of a source of their own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", default="", help="of products whose task does not name a source"
        )

    def handle(self, *, file: Path, source: str, **options: Any) -> None:
        try:
            job = import_labels(
                content=file.read_bytes(),
                file_name=file.name,
                source=source,
                user=None,
                now=timezone.now(),
            )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except TasksUnreadable as error:
            raise CommandError(str(error)) from error
        for number, reason in job.reasons:
            self.stderr.write(f"task {number}: {reason}")
        self.stdout.write(
            f"{job.created_count} new, {job.unchanged_count} unchanged,"
            f" {job.contested_count} contested, {job.refused_count} refused"
        )
