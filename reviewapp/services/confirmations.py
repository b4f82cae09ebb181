"""Asking the owner of an e-mail address whether it is his or hers, before anything else goes there."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from reviewapp.models import Mail, User
from reviewapp.services.mail import post_mail

LIFETIME = timedelta(days=3)
_SALT = "reviewapp.confirmations"


class ConfirmationInvalid(Exception):
    """Not signed here, too old, or about an address that the account no longer has."""


def confirmation_token(*, user: User, now: datetime) -> str:
    """Return what the link to `user`'s present address carries; good for LIFETIME."""
    return signing.dumps([user.pk, user.email, int(now.timestamp())], salt=_SALT)


@transaction.atomic
def ask_to_confirm(*, user: User, link: str, now: datetime) -> None:
    """Put the message with `link` into the outbox, instead of one that still waits there."""
    Mail.objects.filter(recipient=user, sent_at=None).exclude(confirms="").delete()
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject, body = _("Confirm your e-mail address"), _body(link)
    post_mail(
        recipient=user,
        key=f"confirm:{user.pk}:{now.timestamp()}",
        subject=subject,
        body=body,
        now=now,
        delay=timedelta(0),
        confirms=user.email,
    )


def asked_by(*, token: str, now: datetime) -> User:
    """Return the account whose address `token` would confirm. Raises ConfirmationInvalid."""
    try:
        pk, email, asked = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise ConfirmationInvalid from error
    user = User.objects.filter(pk=pk, email=email, is_active=True).exclude(email="").first()
    if user is None or now > datetime.fromtimestamp(asked, UTC) + LIFETIME:
        raise ConfirmationInvalid
    return user


@transaction.atomic
def confirm(*, token: str, now: datetime) -> User:
    """Take the address that `token` names for confirmed. Repeating is harmless.

    Raises ConfirmationInvalid.
    """
    asked = asked_by(token=token, now=now)
    # Under the lock: the address may be changed at the same moment.
    user = User.objects.select_for_update(no_key=True).get(pk=asked.pk)
    if user.email != asked.email:
        raise ConfirmationInvalid
    user.confirmed_email = user.email
    user.save(update_fields=["confirmed_email"])
    return user


def _body(link: str) -> str:
    told = _("Somebody, you we hope, asked for answers to reports at this address.")
    ask = _("Follow this link within three days if that was you:")
    end = _("Otherwise do nothing: nothing more will come.")
    return f"{told}\n\n{ask}\n{link}\n\n{end}\n"
