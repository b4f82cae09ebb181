"""Messages that do not get out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Count, Q

from reviewapp.models import Mail, WebhookMessage

# The outboxes are looked at every ten seconds.
_LATE: Final = timedelta(minutes=10)


class Unsent(NamedTuple):
    """stuck: the last try failed and another will come, or nobody has tried in time
    given_up: no try is left, of the month that is remembered
    """

    stuck: int
    given_up: int


def unsent(*, now: datetime) -> dict[str, Unsent]:
    """Count by kind the messages that do not get out."""
    return {"mail": _unsent(Mail, now), "webhook": _unsent(WebhookMessage, now)}


def _unsent(model: type[Mail | WebhookMessage], now: datetime) -> Unsent:
    failed, is_last = ~Q(error=""), Q(attempts__gte=model.MOST_ATTEMPTS)
    is_late = Q(attempts=0, not_before__lt=now - _LATE)
    return Unsent(
        **model._default_manager.filter(sent_at=None).aggregate(
            stuck=Count("pk", filter=failed & ~is_last | is_late),
            given_up=Count("pk", filter=failed & is_last),
        )
    )
