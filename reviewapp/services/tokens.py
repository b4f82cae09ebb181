"""API tokens: shown once, kept as a hash, ended by date or by hand."""

from dataclasses import dataclass
from datetime import timedelta

from knox.models import AuthToken

from reviewapp.models import User

SIGN_IN = timedelta(hours=10)
LIFETIMES = (timedelta(days=30), timedelta(days=90), timedelta(days=365))


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token. `secret` is not stored and cannot be shown again."""

    row: AuthToken
    secret: str


def issue_token(*, user: User, lifetime: timedelta) -> IssuedToken:
    row, secret = AuthToken.objects.create(user=user, expiry=lifetime)
    return IssuedToken(row, secret)


def revoke_token(*, user: User, digest: str) -> bool:
    """Delete one of the user's tokens; say whether there was one."""
    deleted, _by_model = AuthToken.objects.filter(user=user, digest=digest).delete()
    return bool(deleted)
