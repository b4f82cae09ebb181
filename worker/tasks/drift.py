"""Drift: tests what has arrived, and sends the alarms that wait for another system."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
import urllib.request
from typing import Any, Final
from urllib.error import HTTPError

from django.conf import settings
from django.utils import timezone

from reviewapp.services import webhooks
from reviewapp.services.drift import measure_drift
from reviewapp.services.webhooks import Notice
from worker.app import app

logger = logging.getLogger(__name__)

# With the time-out below, well within the time that a task has.
_MOST_AT_ONCE: Final = 10
_TIMEOUT_SECONDS: Final = 3


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Only the address in the settings is told; an answer that leads elsewhere is a failure."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


# Without proxies of the environment: what is signed goes where the setting says.
_opener = urllib.request.build_opener(_NoRedirects(), urllib.request.ProxyHandler({}))


@app.task
def measure() -> None:
    """Test the newest arrivals when enough have come in. Safe to repeat."""
    measure_drift(now=timezone.now())


@app.task
def send_alarms() -> None:
    """Send alarms that are due. Safe to repeat: each is claimed before it is sent."""
    for _turn in range(_MOST_AT_ONCE if settings.ALARM_WEBHOOK_URL else 0):
        notice = webhooks.claim_webhook(now=timezone.now())
        if notice is None:
            return
        try:
            _send(notice)
        except Exception as error:  # of whatever kind: the next one may go through
            name = type(error).__name__
            logger.warning("Alarm %s was not sent: %s", notice.message_id, name)
            told = f"{name} {error.code}" if isinstance(error, HTTPError) else name
            webhooks.mark_failed(message_id=notice.message_id, error=told)
        else:
            webhooks.mark_delivered(message_id=notice.message_id, now=timezone.now())


def _send(notice: Notice) -> None:
    """Raises OSError (HTTPError for an answer that is not 2xx) when it did not get through."""
    body = json.dumps(notice.body, sort_keys=True).encode()
    sent_at = str(int(time.time()))
    request = urllib.request.Request(  # noqa: S310 (the setting takes http and https only)
        settings.ALARM_WEBHOOK_URL,
        data=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": "BonRayon",
            "X-BonRayon-Key": notice.key,
            "X-BonRayon-Timestamp": sent_at,
            "X-BonRayon-Signature": signature(body, sent_at),
        },
    )
    with _opener.open(request, timeout=_TIMEOUT_SECONDS):
        pass


def signature(body: bytes, sent_at: str) -> str:
    """Return "sha256=" and the hexadecimal HMAC of time, point and body under the secret."""
    signed = sent_at.encode() + b"." + body
    digest = hmac.new(settings.ALARM_WEBHOOK_SECRET.encode(), signed, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"
