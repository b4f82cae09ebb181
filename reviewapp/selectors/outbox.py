"""Messages that do not get out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from reviewapp.models import Mail, WebhookMessage

# The outboxes are looked at every ten seconds.
_LATE: Final = timedelta(minutes=10)


def stuck(*, now: datetime) -> dict[str, int]:
    """Count by kind the messages whose last try failed, or that nobody has tried to send in time."""
    is_stuck = ~Q(error="") | Q(attempts=0, not_before__lt=now - _LATE)
    kinds = (("mail", Mail), ("webhook", WebhookMessage))
    return {
        kind: model._default_manager.filter(is_stuck, sent_at=None).count() for kind, model in kinds
    }
