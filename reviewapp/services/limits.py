"""Limits on how often a person or a network may do something. Counted in Redis."""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache


@dataclass(eq=False)
class LimitReached(Exception):
    """Too many attempts; `retry_after` seconds until the next may come."""

    retry_after: int


def check_limit(*, action: str, actor: str) -> None:
    """Raise LimitReached when `actor` has used up `action`; count nothing."""
    allowed, seconds = settings.RATE_LIMITS[action]
    key = _key(action, actor)
    if cache.get(key, 0) >= allowed:
        raise LimitReached(retry_after=_seconds_left(key, seconds))


def count_attempt(*, action: str, actor: str) -> None:
    """Count one attempt at `action`, a key of settings.RATE_LIMITS.

    Raises LimitReached from the first attempt over the limit on. A fixed window: it starts with
    the first attempt and ends after the configured seconds.
    """
    allowed, seconds = settings.RATE_LIMITS[action]
    key = _key(action, actor)
    cache.add(key, 0, timeout=seconds)
    try:
        used = cache.incr(key)
    except ValueError:  # the window ended between the two calls
        cache.set(key, 1, timeout=seconds)
        used = 1
    if used > allowed:
        raise LimitReached(retry_after=_seconds_left(key, seconds))


def _key(action: str, actor: str) -> str:
    # Names and addresses are not kept in the clear.
    return f"limit:{action}:{hashlib.sha256(actor.encode()).hexdigest()}"


def _seconds_left(key: str, window: int) -> int:
    client = cache._cache.get_client(None)  # type: ignore[attr-defined]  # no public call for TTL
    left = client.ttl(cache.make_key(key))
    return int(left) if left > 0 else window
