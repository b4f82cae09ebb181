"""The outbox of alarms for another system, as rows that a task sends.

As with mail, a row is written with what it tells of, claimed for a while, sent, and marked. A worker
that dies in between lets it be sent once more, under the same key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from reviewapp.models import WebhookMessage

_LEASE = timedelta(minutes=5)
_KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Notice:
    """A claimed message, ready to be sent."""

    message_id: int
    key: str
    body: dict[str, Any]


def post_webhook(*, key: str, body: dict[str, Any], now: datetime) -> None:
    """Put a message into the outbox unless `key` is there already, or nobody is to be told.

    Call it in the transaction of what it tells of. body: no personal data
    """
    if not settings.ALARM_WEBHOOK_URL:
        return
    message = WebhookMessage(key=key, body=body, created_at=now, not_before=now)
    WebhookMessage.objects.bulk_create([message], ignore_conflicts=True)


@transaction.atomic
def claim_webhook(*, now: datetime) -> Notice | None:
    """Take the next message that is due, for a while; None when there is none."""
    due = WebhookMessage.objects.filter(
        sent_at=None, not_before__lte=now, attempts__lt=WebhookMessage.MOST_ATTEMPTS
    )
    message = due.select_for_update(skip_locked=True).order_by("not_before").first()
    if message is None:
        return None
    message.attempts += 1
    message.not_before = now + _LEASE * 2 ** (message.attempts - 1)
    message.save(update_fields=["attempts", "not_before"])
    return Notice(message.pk, message.key, message.body)


def mark_delivered(*, message_id: int, now: datetime) -> None:
    WebhookMessage.objects.filter(pk=message_id).update(sent_at=now, error="")


def mark_failed(*, message_id: int, error: str) -> None:
    """Keep why it failed; it is tried again when its claim ends, later each time."""
    WebhookMessage.objects.filter(pk=message_id).update(error=error)


def forget_webhooks(*, now: datetime) -> int:
    """Delete what was sent, or given up, a month ago; return how many."""
    count, _per_model = WebhookMessage.objects.filter(created_at__lt=now - _KEEP).delete()
    return count
