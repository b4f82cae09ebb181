"""Classification: wake a worker up, and work off what waits."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator

from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from classifier.types import Member
from reviewapp import correlation
from reviewapp.choices import Queue
from reviewapp.selectors.predictions import inference_inputs
from reviewapp.services import predictions
from reviewapp.services.latencies import count_latencies
from reviewapp.services.predictions import Claim
from worker import heartbeat, inference
from worker.app import app
from worker.tasks import previews

logger = logging.getLogger(__name__)

# A drain ends after this long, far below Redis' visibility timeout, and asks for the next one.
BUDGET_SECONDS = 5.0
# Small first, so that a single product or the head of a backlog is through at once.
_FIRST_BATCH = 8
# At most this many while sellers write: half a second on one processor thread that others share.
_BATCH_BESIDE_PREVIEWS = 4
# While a message is on its way a second one would only find nothing to do. Should the first get
# lost, the key ends soon.
_WAKE_KEY = "classify:awake"
_WAKE_SECONDS = 5


def wake_workers() -> None:
    """Tell a worker that products wait, once the present transaction is committed.

    Never raises when the broker is down: the rows stay, and the sweeper finds them.
    """
    transaction.on_commit(_wake, robust=True)


def wake_now() -> None:
    """Send a message whether or not one is on its way; never raises when the broker is down."""
    try:
        drain.apply_async(retry=False)
    except (BrokerError, RedisError, OSError) as error:
        logger.warning("No worker could be woken up, the sweeper will: %s", error)


def _wake() -> None:
    try:
        is_first = cache.add(_WAKE_KEY, 1, timeout=_WAKE_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("No worker could be woken up, the sweeper will: %s", error)
        return
    if is_first:
        wake_now()


@app.task(
    autoretry_for=(OperationalError, InterfaceError),
    retry_backoff=1,
    retry_jitter=True,
    max_retries=3,
)
def drain() -> None:
    """Classify waiting products until none is left or the budget is spent. Safe to repeat."""
    # First of all: who commits a product from now on sends a new message.
    cache.delete(_WAKE_KEY)
    try:
        model = inference.model()
    except inference.ModelUnusable as problem:
        logger.warning("Products wait: %s", problem)
        return
    previews.answer_some(model, at_most=previews.BETWEEN_BATCHES)
    for claims in _batches(time.monotonic() + BUDGET_SECONDS):
        _classify(model, claims)
        previews.answer_some(model, at_most=previews.BETWEEN_BATCHES)


def _batches(deadline: float) -> Iterator[list[Claim]]:
    """Yield claims until nothing waits or `deadline` (monotonic seconds) has passed.

    One retry comes after the first batch, and the others when nothing new waits, so that neither
    new products nor retries wait for ever.
    """
    size = min(_FIRST_BATCH, _largest_batch())
    worker = heartbeat.own_name(Queue.INFERENCE)
    for turn in itertools.count():
        now = timezone.now()
        claims: list[Claim] = []
        if turn != 1:
            claims = predictions.claim_requests(limit=size, now=now, worker=worker)
        if turn == 0 and len(claims) == size:
            _wake()  # more than a handful: an idle process can help
        claims = claims or predictions.claim_retry(now=now, worker=worker)
        if claims:
            yield claims
        elif turn != 1:
            return
        if time.monotonic() >= deadline:
            _wake()
            return
        size = min(2 * size, _largest_batch())


def _largest_batch() -> int:
    if previews.are_expected():
        return min(_BATCH_BESIDE_PREVIEWS, settings.CLASSIFY_BATCH)
    return settings.CLASSIFY_BATCH


def _classify(model: inference.Model, claims: list[Claim]) -> None:
    """Classify a batch; when it fails, each product by itself, so that one sinks no other."""
    try:
        _predict_and_record(model, claims)
    except (OperationalError, InterfaceError):
        raise  # the database's fault, not the products': their leases run out
    except SoftTimeLimitExceeded:
        for claim in claims:
            predictions.record_failure(claim=claim, error="time limit", now=timezone.now())
        raise
    except Exception as error:
        if len(claims) > 1:
            logger.exception("A batch of %d failed", len(claims))
            for claim in claims:
                _classify(model, [claim])
        else:
            _note_failure(claims[0], error)


def _note_failure(claim: Claim, error: Exception) -> None:
    logger.error("The models failed", exc_info=error, extra=_named(claim))
    words = f"{type(error).__name__}: {error}"
    with correlation.bound(correlation_id=claim.correlation_id):
        predictions.record_failure(claim=claim, error=words, now=timezone.now())


def _named(claim: Claim) -> dict[str, object]:
    """Return what the log lines about a product carry, from its row."""
    return {
        "product_id": claim.product_id,
        "correlation_id": claim.correlation_id,
        "attempt": claim.attempts,
    }


def _predict_and_record(model: inference.Model, claims: list[Claim]) -> None:
    inputs = inference_inputs({claim.key: claim.product_id for claim in claims})
    results = {result.key: result for result in model.predictor.predict(inputs)}
    answered = [claim for claim in claims if claim.key in results]
    recorded = predictions.record_results(
        claims=answered, results=results, version=model.version, now=timezone.now()
    )
    fusions = (one.answers.get(Member.FUSION) for one in results.values())
    count_latencies(milliseconds=[one.latency_ms for one in fusions if one])
    for claim in answered:
        logger.info("The models have answered", extra=_named(claim))
    if recorded.late:
        logger.info("%d answers came too late and were not kept", recorded.late)
