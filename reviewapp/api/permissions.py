"""Who may do what through the API."""

from typing import Any, ClassVar

from rest_framework import permissions
from rest_framework.request import Request

from reviewapp.models import User


class ByVerb(permissions.BasePermission):
    """One permission to look, another one for everything else."""

    look: ClassVar[str]
    act: ClassVar[str]

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = self.look if request.method in permissions.SAFE_METHODS else self.act
        return request.user.has_perm(f"reviewapp.{wanted}")


def signed_in(request: Request) -> User:
    """Return who sent the request; for views that IsAuthenticated guards."""
    assert isinstance(request.user, User)  # noqa: S101  # IsAuthenticated has seen to it
    return request.user
