import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import Role
from reviewapp.demo.taxonomy import load_taxonomy
from reviewapp.demo_accounts import DEMO_PASSWORD, DEMO_USERNAMES
from reviewapp.models import User
from reviewapp.services import demo
from reviewapp.services.policies import current_policy
from reviewapp.services.taxonomy import apply_taxonomy
from worker.tasks.classify import wake_workers

_PRODUCTS = 400
_DECISIONS = 40
_REPORTS = 6


class Command(BaseCommand):
    help = (
        "Fill the demo: accounts and categories, products of invented sellers, and some history. "
        "Without an option: accounts and products. Repeating it changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--accounts", action="store_true", help="only accounts and categories")
        parser.add_argument("--products", type=int, metavar="N", help="only the first N products")
        parser.add_argument(
            "--history", action="store_true", help="only decisions and reports by invented people"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo. Set BONRAYON_DEMO=true to make it one.")
        if options["history"]:
            self._history()
            return
        if options["products"] is None:
            self._accounts()
        if not options["accounts"]:
            self._products(_PRODUCTS if options["products"] is None else options["products"])

    def _accounts(self) -> None:
        apply_taxonomy(taxonomy=load_taxonomy())
        demo.seed_accounts()
        current_policy(now=timezone.now())
        self.stdout.write("Demo accounts and categories are there.")
        # `make run` collects these lines and shows them beside the site's address.
        for role, username in DEMO_USERNAMES.items():
            self.stdout.write(f"account {role} {username} {DEMO_PASSWORD}")

    def _products(self, count: int) -> None:
        created = demo.seed_products(
            count=count, clock=timezone.now, on_progress=self._show_progress
        )
        if created:
            wake_workers()
        self.stdout.write(f"\n{created} new demo products, {count - created} were there.")

    def _history(self) -> None:
        (moderator,) = demo.actors(role=Role.MODERATOR, count=1)
        buyers = list(demo.actors(role=Role.BUYER, count=demo.BUYERS))
        filed = self._report(buyers)
        # Their first reports are decided among the others, so that their next ones weigh something.
        demo.look_at_reports(clock=timezone.now)
        decided = demo.moderate(
            moderator=moderator, count=_DECISIONS, clock=timezone.now, seed=demo.SHOP_SEED
        )
        filed += self._report(buyers)
        self.stdout.write(f"{decided} decisions and {filed} reports by invented people.")

    def _report(self, buyers: list[User]) -> int:
        return sum(
            demo.report_wrong_ones(buyer=buyer, count=_REPORTS, clock=timezone.now)
            for buyer in buyers
        )

    def _show_progress(self, done: int, total: int) -> None:
        if sys.stdout.isatty() or done == total or done % 100 == 0:
            self.stdout.write(f"\rproducts {done}/{total}", ending="")
            self.stdout.flush()
