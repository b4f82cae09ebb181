"""What the log lines of the work in hand have in common; above all the correlation id.

The correlation id names the request that brought a product. It is stored with the product's
ClassificationRequest, so that a worker's lines name it even when the message that should have woken
the worker got lost.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

MAX_LENGTH: Final = 64
# No "@" and no spaces: an address or a name does not get into the logs this way.
_VALID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_CONTEXT: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=MappingProxyType({}))


def accept(offered: str) -> str:
    """Return the id that a caller offers, or a new one when that is missing or not valid."""
    return offered if _VALID.fullmatch(offered) else uuid.uuid4().hex


def current() -> str:
    """Return the correlation id of the work in hand, or an empty text outside of any."""
    return str(_CONTEXT.get().get("correlation_id", ""))


def context() -> dict[str, object]:
    """Return the fields that each log line of the work in hand carries."""
    return dict(_CONTEXT.get())


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Let log lines carry `fields` besides those they carry already; empty ones are left out."""
    token = _CONTEXT.set(
        {**_CONTEXT.get(), **{name: value for name, value in fields.items() if value}}
    )
    try:
        yield
    finally:
        _CONTEXT.reset(token)
