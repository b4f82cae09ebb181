from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.services.model_versions import ModelRefused, register_model


class Command(BaseCommand):
    help = "Make a trained model known as a candidate. Its directory lies below var/models."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *, directory: Path, **options: Any) -> None:
        try:
            version = register_model(directory=directory, now=timezone.now())
        except ModelRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{version.name} is registered ({version.get_stage_display()}).")
