"""Limits on how often a person or a network may do something.

Counted in Redis. While it is away each process counts by itself: looser, but the site stays open.
"""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from reviewapp.services.process_counters import ProcessCounters

logger = logging.getLogger(__name__)
_without_redis = ProcessCounters()


@dataclass(eq=False)
class LimitReached(Exception):
    """Too many attempts; `retry_after` seconds until the next may come."""

    retry_after: int


def count_attempt(*, action: str, actor: str) -> None:
    """Count one attempt at `action`, a key of settings.RATE_LIMITS.

    Raises LimitReached from the first attempt over the limit on. A fixed window: it starts with
    the first attempt and ends after the configured seconds.
    """
    allowed, seconds = settings.RATE_LIMITS[action]
    key = _key(action, actor)
    try:
        used, left = _count_in_redis(key, seconds)
    except (RedisError, OSError) as error:
        logger.warning("Redis is away, this process counts by itself: %s", error)
        used, left = _without_redis.count(key, seconds)
    if used > allowed:
        raise LimitReached(retry_after=left)


def count_person(*, action: str, account_id: int, network: str) -> None:
    """Count an attempt by its account, and by its network with a bound for many accounts there.

    Raises LimitReached.
    """
    count_attempt(action=action, actor=f"user:{account_id}")
    count_attempt(action=f"{action}_network", actor=network)


def count_log_in(*, username: str, network: str) -> None:
    """Count an attempt to sign in, before the password is looked at. Raises LimitReached.

    By name and network together, by network, and by name alone with a far higher bound: so a
    guesser at one network locks out himself and not the owner of the name.
    """
    for action, actor in _log_in_actors(username, network):
        count_attempt(action=action, actor=actor)


def forgive_log_in(*, username: str, network: str) -> None:
    """Take back what `count_log_in` counted: only failures use up a limit."""
    for action, actor in _log_in_actors(username, network):
        key = _key(action, actor)
        try:
            cache.decr(key)
        except (RedisError, OSError):
            _without_redis.take_back(key)
        except ValueError:
            continue  # the window has ended since


def _log_in_actors(username: str, network: str) -> list[tuple[str, str]]:
    name = username.strip().lower()
    return [
        ("login_pair", f"{name} {network}"),
        ("login_network", network),
        ("login_account", name),
    ]


def _count_in_redis(key: str, seconds: int) -> tuple[int, int]:
    """Return how often the window has seen the key, and the seconds it has left.

    One round trip and one transaction: a window cannot end in the midst of it.
    """
    name = cache.make_key(key)
    client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined]  # not public
    together = client.pipeline().set(name, 0, ex=seconds, nx=True).incr(name).ttl(name)
    _is_new, used, left = together.execute()
    return int(used), int(left)


def _key(action: str, actor: str) -> str:
    # Names and addresses are neither kept in the clear nor to be found by trying all of them.
    return (
        f"limit:{action}:{salted_hmac('reviewapp.limits', actor, algorithm='sha256').hexdigest()}"
    )
