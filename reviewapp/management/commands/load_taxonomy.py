from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviewapp.demo.taxonomy import TAXONOMY_PATH, TaxonomyError, load_taxonomy
from reviewapp.services.taxonomy import apply_taxonomy


class Command(BaseCommand):
    help = "Load the categories from a JSON file; without one, the 27 codes of the challenge."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=TAXONOMY_PATH)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            taxonomy = load_taxonomy(options["file"])
        except TaxonomyError as error:
            raise CommandError(str(error)) from error
        change = apply_taxonomy(taxonomy=taxonomy)
        self.stdout.write(
            f"{taxonomy.name}: {change.created} categories created, {change.updated} changed, "
            f"{change.deactivated} taken out of use."
        )
