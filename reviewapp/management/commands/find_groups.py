from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from reviewapp.services.groups import fingerprint_pictures, group_products

_BATCH = 500


class Command(BaseCommand):
    help = (
        "Find the near-duplicate groups of products that arrived before there were any. "
        "Stop it at any time; it goes on where it was."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        _in_batches(lambda after: fingerprint_pictures(after=after, most=_BATCH))
        self.stdout.write("Every readable picture has a fingerprint.")
        _in_batches(lambda after: group_products(after=after, most=_BATCH))
        self.stdout.write("Every product has its near-duplicate group.")


def _in_batches(step: Callable[[int], int | None]) -> None:
    after: int | None = 0
    while after is not None:
        after = step(after)
