"""API tokens of a person."""

from django.db.models import QuerySet
from django.utils import timezone
from knox.models import AuthToken

from reviewapp.models import User


def tokens_of(user: User) -> QuerySet[AuthToken]:
    """The person's tokens that still open the API, newest first."""
    tokens: QuerySet[AuthToken] = AuthToken.objects.filter(user=user, expiry__gt=timezone.now())
    return tokens.order_by("-created")
