"""The outbox: messages to people who asked for them, as rows that a task sends.

The row is written with what it tells of, so that none is lost. A row is claimed for a while, sent,
and marked; a worker that dies in between lets it be sent once more, under the same Message-ID.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from reviewapp.models import Mail, MisclassificationReport, User

# A decision may be taken back shortly after it was made; its news waits for that.
DELAY = timedelta(minutes=10)
# Nobody takes an alarm back.
AT_ONCE = timedelta(0)
_LEASE = timedelta(minutes=5)
_KEEP_SENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message, ready to be sent."""

    mail_id: int
    key: str
    address: str
    subject: str
    body: str


def has_confirmed(user: User) -> bool:
    """Say whether the owner of the account's address has said that it is his or hers."""
    return bool(user.email) and user.email == user.confirmed_email


def wants_mail(user: User) -> bool:
    return user.wants_mail and user.is_active and has_confirmed(user)


def post_mail(
    *,
    recipient: User,
    key: str,
    subject: str,
    body: str,
    now: datetime,
    delay: timedelta = DELAY,
    confirms: str = "",
    report: MisclassificationReport | None = None,
) -> None:
    """Put a message into the outbox unless `key` is there already. Call it in the transaction of
    what it tells of.

    confirms: the address that it asks to confirm, empty for all other news
    report: whose present answer it tells
    """
    Mail.objects.bulk_create(
        [
            Mail(
                recipient=recipient,
                key=key,
                subject=subject,
                body=body,
                confirms=confirms,
                report=report,
                answer=report.status if report else "",
                created_at=now,
                not_before=now + delay,
            )
        ],
        ignore_conflicts=True,
    )


def tell(
    *,
    key: str,
    write: Callable[[], tuple[str, str]],
    now: datetime,
    permission: str = "reviewapp.add_routingpolicy",
    about: int | None = None,
) -> None:
    """Put an alarm into the outbox for each holder of `permission` who wants mail, to be sent at once.
    Call it in the transaction of what it tells of.

    write: returns subject and body; called once per reader, in that reader's language
    permission: of those who can do something about it; about: the user whom it is about, who is
    not told
    """
    backend = f"{ModelBackend.__module__}.{ModelBackend.__qualname__}"
    readers = User.objects.with_perm(permission, backend=backend).filter(wants_mail=True)
    for reader in readers:
        if reader.pk != about and wants_mail(reader):
            with translation.override(reader.language or settings.LANGUAGE_CODE):
                subject, body = write()
            own = f"{key}:{reader.pk}"
            post_mail(recipient=reader, key=own, subject=subject, body=body, now=now, delay=AT_ONCE)


@transaction.atomic
def claim_mail(*, now: datetime) -> Letter | None:
    """Take the next message that is due, for a while; None when there is none.

    One whose recipient has opted out, or changed the address, since is deleted. Two workers never
    take the same.
    """
    due = Mail.objects.filter(sent_at=None, not_before__lte=now, attempts__lt=Mail.MOST_ATTEMPTS)
    locked = due.select_for_update(skip_locked=True, of=("self",)).select_related("recipient")
    for mail in locked.order_by("not_before")[:50]:
        if not _may_be_sent(mail):
            mail.delete()
            continue
        mail.attempts += 1
        mail.not_before = now + _LEASE * 2 ** (mail.attempts - 1)
        mail.save(update_fields=["attempts", "not_before"])
        return Letter(mail.pk, mail.key, mail.recipient.email, mail.subject, mail.body)
    return None


def _may_be_sent(mail: Mail) -> bool:
    person = mail.recipient
    if not mail.confirms:
        return wants_mail(person)
    return person.is_active and person.email == mail.confirms and not has_confirmed(person)


def mark_sent(*, mail_id: int, now: datetime) -> None:
    Mail.objects.filter(pk=mail_id).update(sent_at=now, error="")


def mark_failed(*, mail_id: int, error: str) -> None:
    """Keep why it failed; it is tried again when its claim ends, later each time."""
    Mail.objects.filter(pk=mail_id).update(error=error)


def forget_mail(*, now: datetime) -> int:
    """Delete what was sent, or given up, a month ago; return how many.

    Of answers to reports only the words go: that they were told is kept as long as the report.
    """
    old = Mail.objects.filter(created_at__lt=now - _KEEP_SENT).exclude(body="")
    may_be_told = Q(report__isnull=False, attempts__gt=0)
    count, _per_model = old.exclude(may_be_told).delete()
    return count + old.update(subject="", body="", error="", attempts=Mail.MOST_ATTEMPTS)
