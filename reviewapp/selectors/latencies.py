"""The counters that `services.latencies` keeps in Redis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from django.core.cache import cache

BUCKETS_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
KEY: Final = "bonrayon:latency"


@dataclass(frozen=True, slots=True)
class Latencies:
    """cumulative: products within each of BUCKETS_SECONDS, and last of all; total: in seconds."""

    cumulative: list[int]
    total: float


def latencies() -> Latencies:
    """Read the counters. Raises RedisError."""
    found = {key.decode(): float(value) for key, value in client().hgetall(KEY).items()}
    counts = [int(found.get(str(slot), 0)) for slot in range(len(BUCKETS_SECONDS) + 1)]
    return Latencies(list(accumulate(counts)), found.get("sum", 0.0))


def client() -> Any:
    """Return the cache's own Redis client, with its short time limits."""
    return cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]  # no public way
