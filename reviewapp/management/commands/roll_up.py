from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from reviewapp.services.answer_tallies import rebuild_answers, roll_up_answers
from reviewapp.services.delays import observe_queue, rebuild_delays, roll_up_delays
from reviewapp.services.report_tallies import rebuild_reports, roll_up_reports
from reviewapp.services.rollups import rebuild, roll_up_routes


class Command(BaseCommand):
    help = "Count new events for the pages Quality and Dashboards; the worker does it by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Forget all counts first.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rebuild"]:
            rebuild()
            rebuild_delays()
            rebuild_answers()
            rebuild_reports()
        while roll_up_routes(now=timezone.now()):
            pass
        while roll_up_delays(now=timezone.now()):
            pass
        while roll_up_answers(now=timezone.now()):
            pass
        while roll_up_reports():
            pass
        observe_queue(now=timezone.now())
