"""Roll-ups of routes and their audits, kept up to date beside the work."""

import time

from django.utils import timezone

from reviewapp.services.rollups import roll_up_routes
from worker.app import app

# Per run; the next one, a minute later, goes on where this one stopped.
_BUDGET_SECONDS = 20.0


@app.task
def roll_up() -> None:
    """Count what is new. Safe to repeat."""
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and roll_up_routes(now=timezone.now()):
        pass
