"""How long answers take, measured in each web process.

With PROMETHEUS_MULTIPROC_DIR every process writes into files there, and whichever is asked adds up
all of them (`prometheus_client.multiprocess`). The supervisor makes that folder anew for each start
of the web server, so that no earlier process counts.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

# Its own registry: what the library measures of one process would be one of several at random.
_OWN: Final = CollectorRegistry()
_SECONDS: Final = Histogram(
    "bonrayon_http_request_duration_seconds",
    "Time to answer, by view, method and status.",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_OWN,
)
# Others are whatever a stranger sends, and each would be a series of its own.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(*, view: str, method: str, status: int, seconds: float) -> None:
    """Count one answer."""
    known = method if method in _METHODS else "other"
    _SECONDS.labels(view, known, str(status)).observe(seconds)


def registry() -> CollectorRegistry:
    """Return what all web processes of this server have counted."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _OWN
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together
