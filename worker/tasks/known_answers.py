"""Known answers, slipped in among what moderators are handed next."""

import time

from django.utils import timezone

from reviewapp.services.checks import offer_known_answer
from worker.app import app

# Per run; the next one goes on where this one stopped.
_BUDGET_SECONDS = 8.0


@app.task
def offer() -> None:
    """Work off what new decisions have drawn. Safe to repeat."""
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and offer_known_answer(now=timezone.now()):
        pass
