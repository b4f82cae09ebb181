from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reviewapp.services.rollups import rebuild, roll_up_routes


class Command(BaseCommand):
    help = "Count new routes and audits for the page Quality; the worker does it by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Forget all counts first.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rebuild()
        while roll_up_routes(now=timezone.now()):
            pass
