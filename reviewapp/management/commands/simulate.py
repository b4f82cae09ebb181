import random
import time
from argparse import BooleanOptionalAction
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reviewapp.choices import ProductStatus, Role
from reviewapp.models import Product, User
from reviewapp.services import demo
from worker.tasks.classify import wake_workers

_TICK_SECONDS = 0.5
_SAY_EVERY_SECONDS = 10.0
# How long an invented moderator looks at a product, and a buyer around the shop, on average.
_DECISION_SECONDS = 6.0
_REPORT_SECONDS = 15.0


@dataclass(slots=True)
class _Tally:
    arrived: int = 0
    decided: int = 0
    reported: int = 0


class Command(BaseCommand):
    help = (
        "Let invented sellers bring products and buyers report for a while and, if wished, invented"
        " moderators decide, so that a visitor sees the loop move. Only in a demo; Ctrl-C ends it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--minutes", type=float, default=5.0)
        parser.add_argument("--rate", type=float, default=20.0, help="products per minute")
        parser.add_argument("--moderators", type=int, default=0, help="invented moderators at work")
        parser.add_argument(
            "--reports", action=BooleanOptionalAction, default=True, help="invented buyers report"
        )
        parser.add_argument("--seed", type=int, default=None, help="for a repeatable play")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo. Set BONRAYON_DEMO=true to make it one.")
        if not demo.demo_sellers():
            raise CommandError("There are no invented sellers yet: run `manage.py seed_demo`.")
        self._chance = random.Random(options["seed"])  # noqa: S311  # a play, not a secret
        self._tally = _Tally()
        moderators = list(demo.actors(role=Role.MODERATOR, count=options["moderators"]))
        buyers = list(demo.actors(role=Role.BUYER, count=demo.BUYERS * options["reports"]))
        try:
            self._play(options["minutes"] * 60, options["rate"] / 60, moderators, buyers)
        except KeyboardInterrupt:
            self.stdout.write("")
        self._say()

    def _play(
        self, seconds: float, per_second: float, moderators: list[User], buyers: list[User]
    ) -> None:
        """Act once per tick and at the end, by chance, so that on average the rates come out."""
        last = said = time.monotonic()
        end = last + seconds
        due = 0.0
        while last < end:
            time.sleep(max(0.0, min(_TICK_SECONDS, end - time.monotonic())))
            now = min(time.monotonic(), end)
            due += per_second * (now - last)
            last = now
            whole = int(due)
            due -= whole
            self._arrive(whole)
            for moderator in moderators:
                self._decide(moderator)
            for buyer in buyers:
                self._report(buyer)
            if now - said >= _SAY_EVERY_SECONDS:
                said = now
                self._say()

    def _arrive(self, count: int) -> None:
        if not count:
            return
        self._tally.arrived += demo.seed_products(
            count=count,
            start=_next_index(),
            clock=timezone.now,
            on_progress=lambda done, total: None,
        )
        wake_workers()

    def _decide(self, moderator: User) -> None:
        if self._chance.random() < _TICK_SECONDS / _DECISION_SECONDS:
            self._tally.decided += demo.moderate(
                moderator=moderator,
                count=1,
                clock=timezone.now,
                seed=self._chance.getrandbits(62),
            )

    def _report(self, buyer: User) -> None:
        if self._chance.random() < _TICK_SECONDS / _REPORT_SECONDS:
            self._tally.reported += demo.report_wrong_ones(buyer=buyer, count=1, clock=timezone.now)

    def _say(self) -> None:
        waiting = Product.objects.filter(status=ProductStatus.WAITING).count()
        in_review = Product.objects.filter(status=ProductStatus.IN_REVIEW).count()
        tally = self._tally
        self.stdout.write(
            f"{tally.arrived} arrived, {tally.decided} decided, {tally.reported} reported;"
            f" {waiting} wait for the models, {in_review} for a moderator."
        )


def _next_index() -> int:
    """Return where the shop's stream of invented products goes on."""
    prefix = f"demo-{demo.SHOP_SEED}-"
    known = Product.objects.filter(is_demo=True, external_id__startswith=prefix)
    numbers = (
        external_id.removeprefix(prefix)
        for external_id in known.values_list("external_id", flat=True).iterator()
    )
    return max((int(number) for number in numbers if number.isdigit()), default=-1) + 1
