"""Mail: sends what waits in the outbox."""

from __future__ import annotations

import hashlib
import logging
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from reviewapp.services import mail
from reviewapp.services.mail import Letter
from worker.app import app

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 200


@app.task
def send_waiting() -> None:
    """Send messages that are due. Safe to repeat: each is claimed before it is sent."""
    for _turn in range(_MOST_AT_ONCE):
        letter = mail.claim_mail(now=timezone.now())
        if letter is None:
            return
        try:
            _send(letter)
        except Exception as error:  # of whatever kind: the next one may go through
            logger.warning("Mail %s was not sent: %s", letter.mail_id, type(error).__name__)
            mail.mark_failed(mail_id=letter.mail_id, error=f"{type(error).__name__}: {error}")
        else:
            mail.mark_sent(mail_id=letter.mail_id, now=timezone.now())


def _send(letter: Letter) -> None:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    name = hashlib.sha256(letter.key.encode()).hexdigest()[:32]
    EmailMessage(
        letter.subject,
        letter.body,
        to=[letter.address],
        # The same for each try, so that a mail program knows a repetition for what it is.
        headers={"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"},
    ).send()
