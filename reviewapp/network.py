"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from reviewapp.services import limits
from reviewapp.services.networks import network_of


def client_address(request: HttpRequest) -> str:
    """Return the caller's network address, behind `TRUSTED_PROXIES` proxies of ours."""
    proxies = settings.TRUSTED_PROXIES
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if proxies and len(forwarded) >= proxies and forwarded[-proxies]:
        return forwarded[-proxies]
    return str(request.META.get("REMOTE_ADDR", "unknown"))


def count_person(request: HttpRequest | Request, action: str) -> None:
    """Count what the signed-in person of a request does. Raises services.limits.LimitReached."""
    plain = request._request if isinstance(request, Request) else request
    limits.count_person(
        action=action,
        account_id=request.user.pk or 0,
        network=network_of(client_address(plain)),
    )
