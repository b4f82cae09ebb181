"""The shop's counts, taken now and then."""

from django.utils import timezone

from reviewapp.services.catalogue_rollup import roll_up
from worker.app import app


@app.task
def count_catalogue() -> None:
    """Count again what is due. Safe to repeat."""
    roll_up(now=timezone.now())
