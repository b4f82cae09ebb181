from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import JobStatus
from reviewapp.domain.suspects import MOST_OPENED
from reviewapp.services import suspects
from worker.tasks.suspects import run_search, wake_search


class Command(BaseCommand):
    help = (
        "Search labels and catalogue codes for those that look wrong, now and here. Nothing is"
        " changed; with --open, people are asked about the most doubtful ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument(
            "--queue", action="store_true", help="leave it to the training worker and return"
        )
        parser.add_argument(
            "--open", type=int, default=0, help=f"open so many for review, up to {MOST_OPENED}"
        )

    def handle(self, **options: Any) -> None:
        if not 0 <= options["open"] <= MOST_OPENED:
            raise CommandError(f"--open takes 0 to {MOST_OPENED}.")
        if options["queue"] and options["open"]:
            raise CommandError("--open needs the outcome: leave out --queue.")
        search = suspects.request_search(user=None, now=timezone.now(), seed=options["seed"])
        if options["queue"]:
            wake_search(search.pk)
            self.stdout.write(f"Search {search.pk} waits for the training worker.")
            return
        run_search(search.pk)
        search.refresh_from_db()
        if search.status != JobStatus.DONE:
            raise CommandError(search.error or f"Search {search.pk} is with another worker.")
        self.stdout.write(
            f"Search {search.pk}: {search.found} suspects among {search.judged} labels judged,"
            f" of {search.rows_total}."
        )
        if options["open"]:
            number = suspects.open_suspects(
                search_id=search.pk, most=options["open"], now=timezone.now()
            )
            self.stdout.write(f"{number} opened for review.")
