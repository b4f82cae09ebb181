"""The model in service on rolling audits, measured beside the work."""

from django.utils import timezone

from reviewapp.services.live_measures import measure_live
from worker.app import app


@app.task(soft_time_limit=600, time_limit=660)
def measure() -> None:
    """Measure anew what is due. Safe to repeat."""
    measure_live(now=timezone.now())
