"""Roll-ups of routes and their audits, kept up to date beside the work."""

import time
from datetime import datetime

from django.utils import timezone

from reviewapp.services.answer_tallies import roll_up_answers
from reviewapp.services.delays import observe_queue, roll_up_delays
from reviewapp.services.report_tallies import roll_up_reports
from reviewapp.services.rollups import roll_up_routes
from worker.app import app

# Per run; the next one, a minute later, goes on where this one stopped.
_BUDGET_SECONDS = 20.0


@app.task
def roll_up() -> None:
    """Count what is new. Safe to repeat."""
    observe_queue(now=timezone.now())
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and _count(timezone.now()):
        pass


def _count(now: datetime) -> bool:
    # All, so that a backlog of one does not keep the others waiting.
    return any(
        [
            roll_up_routes(now=now),
            roll_up_delays(now=now),
            roll_up_answers(now=now),
            roll_up_reports(),
        ]
    )
