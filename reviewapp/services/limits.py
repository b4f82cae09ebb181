"""Limits on how often a person or a network may do something. Counted in Redis."""

from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class LimitReached(Exception):
    """Too many attempts; `retry_after` seconds until the next may come."""

    retry_after: int


def count_attempt(*, action: str, actor: str) -> None:
    """Count one attempt at `action`, a key of settings.RATE_LIMITS.

    Raises LimitReached from the first attempt over the limit on. A fixed window: it starts with
    the first attempt and ends after the configured seconds.
    """
    allowed, seconds = settings.RATE_LIMITS[action]
    key = f"limit:{action}:{actor}"
    cache.add(key, 0, timeout=seconds)
    try:
        used = cache.incr(key)
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=seconds)
        used = 1
    if used > allowed:
        raise LimitReached(retry_after=_seconds_left(key, seconds))


def _seconds_left(key: str, window: int) -> int:
    client = cache._cache.get_client(None)  # type: ignore[attr-defined]  # no public call for TTL
    left = client.ttl(cache.make_key(key))
    return int(left) if left > 0 else window
