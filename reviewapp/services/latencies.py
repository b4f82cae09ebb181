"""How long FUSION takes for a product, counted in Redis by all workers together.

Counters for monitoring, no facts: each Prediction keeps its own latency. While Redis is away nothing
is counted, and after a loss they begin at zero, which Prometheus expects of counters.
"""

from __future__ import annotations

import bisect
import logging
from collections import Counter
from collections.abc import Iterable

from redis.exceptions import RedisError

from reviewapp.selectors.latencies import BUCKETS_SECONDS, KEY, client

logger = logging.getLogger(__name__)


def count_latencies(*, milliseconds: Iterable[float]) -> None:
    """Count one batch, in one round trip; never raises when Redis is away."""
    seconds = [one / 1000 for one in milliseconds]
    if not seconds:
        return
    slots = Counter(bisect.bisect_left(BUCKETS_SECONDS, one) for one in seconds)
    try:
        with client().pipeline(transaction=True) as pipe:
            for slot, count in slots.items():
                pipe.hincrby(KEY, str(slot), count)
            pipe.hincrbyfloat(KEY, "sum", sum(seconds))
            pipe.execute()
    except (RedisError, OSError) as error:
        logger.warning("Latencies are not counted, Redis is away: %s", error)
