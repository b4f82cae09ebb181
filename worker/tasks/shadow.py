"""The shadow's answers, after the champion's work, in the workers of the evaluation queue."""

from __future__ import annotations

import time

from django.utils import timezone

from classifier.types import MemberAnswer
from reviewapp.selectors.predictions import is_work_waiting, product_input
from reviewapp.selectors.shadow import present_run
from reviewapp.services import shadow
from worker import candidates, inference
from worker.app import app
from worker.tasks.answering import answers

_BATCH = 16
_LOOKED_AT = 500
# Of every ten seconds, in which beat sends the next message.
_BUDGET_SECONDS = 8.0


@app.task
def follow() -> None:
    """Let the shadow answer to what the champion has routed, until arrivals wait. Safe to repeat."""
    deadline = time.monotonic() + _BUDGET_SECONDS
    while time.monotonic() < deadline and not is_work_waiting():
        run = present_run()
        if run is None:
            return
        batch = shadow.next_batch(run=run, limit=_BATCH, most=_LOOKED_AT)
        if batch is None:
            return
        try:
            found = _answers(batch)
        except inference.ModelUnusable as problem:
            shadow.note_problem(run=batch.run, problem=str(problem))
            return
        shadow.record_shadow(batch=batch, answers=found, now=timezone.now())


def _answers(batch: shadow.ShadowBatch) -> dict[int, MemberAnswer]:
    """Return FUSION's answers by route."""
    if not batch.routes:
        return {}
    predictor = candidates.predictor_of(batch.run.version)
    inputs = [product_input(str(route.pk), route.product) for route in batch.routes]
    return {key: result.fusion for key, result in answers(predictor, inputs).items()}
