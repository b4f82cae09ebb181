"""Signing in by name and password; a person's permissions are read together with the person."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from reviewapp.models import User
from reviewapp.selectors.accounts import person_of_session


class PersonBackend(ModelBackend):
    """Django's own, less the two statements with which every request would ask for permissions.

    They come with the person, anew for each request: what is taken from somebody is gone at once.
    """

    def get_user(self, user_id: int) -> User | None:
        person = person_of_session(user_id=user_id)
        return person if person is not None and self.user_can_authenticate(person) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        names = getattr(user_obj, "permission_names", None)
        if names is None or obj is not None or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        return set(names)
