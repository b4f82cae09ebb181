"""Counting in a process's own memory, for the time in which Redis is away."""

import math
import time
from threading import Lock

_MOST_KEYS = 10_000


class ProcessCounters:
    """Counts of keys in fixed windows; safe between threads, bounded, gone with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> tuple[int, int]:
        """Return how often the key's window has seen it, this time included, and its seconds left."""
        now = time.monotonic()
        with self._lock:
            used, ends_at = self._counts.get(key, (0, 0.0))
            if now >= ends_at:
                used, ends_at = 0, now + seconds
                self._make_room(now)
            self._counts[key] = (used + 1, ends_at)
        return used + 1, math.ceil(ends_at - now)

    def take_back(self, key: str) -> None:
        """Count one less, if the key was counted."""
        with self._lock:
            if key in self._counts:
                used, ends_at = self._counts[key]
                self._counts[key] = (max(0, used - 1), ends_at)

    def _make_room(self, now: float) -> None:
        if len(self._counts) < _MOST_KEYS:
            return
        self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}
        while len(self._counts) >= _MOST_KEYS:
            del self._counts[next(iter(self._counts))]
