"""Roles are Django groups; what each may do stands in one table."""

from collections.abc import Mapping

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from reviewapp.choices import Role
from reviewapp.domain.keys import own_changes
from reviewapp.models import User

_SELLER = ("add_product", "change_product", "add_catalogueimport", "view_catalogueimport")
_BUYER = ("add_misclassificationreport",)
_MODERATOR = ("view_reviewitem", "add_decision", "view_decision")
_ADMIN = (
    "lead_review",
    "add_datasetexport",
    "view_datasetexport",
    "add_catalogueimport",
    "view_catalogueimport",
    "view_product",
    "view_misclassificationreport",
    "change_reportring",
    "add_reportpolicy",
    "view_modelversion",
    "add_evaluation",
    "change_modelversion",
    "add_routingpolicy",
    "view_routingpolicy",
    "add_trainingrun",
    "view_trainingrun",
    "add_trainingschedule",
)
PERMISSIONS: dict[Role, tuple[str, ...]] = {
    Role.SELLER: _SELLER,
    Role.BUYER: _BUYER,
    Role.MODERATOR: _MODERATOR,
    Role.ADMIN: (*_MODERATOR, *_ADMIN),
}


@transaction.atomic
def ensure_roles() -> dict[Role, Group]:
    """Make each role's group and give it exactly its permissions. Repeating it is harmless."""
    groups = {}
    for role, codenames in PERMISSIONS.items():
        group, _created = Group.objects.get_or_create(name=role.value)
        permissions = Permission.objects.filter(
            content_type__app_label="reviewapp", codename__in=codenames
        )
        missing = set(codenames) - {permission.codename for permission in permissions}
        if missing:
            raise LookupError(f"No such permission: {', '.join(sorted(missing))}. Run migrate.")
        group.permissions.set(permissions)
        groups[role] = group
    return groups


def save_preferences(*, user: User, language: str = "", theme: str = "") -> None:
    """Store a person's choice of language and theme; an empty one keeps what is stored."""
    user.language = language or user.language
    user.theme = theme or user.theme
    user.save(update_fields=["language", "theme"])


def save_desk_keys(*, user: User, keys: Mapping[str, str], has_characters: bool = True) -> None:
    """Store a moderator's keys, checked by `domain.keys.faults`; only what differs is kept.

    Without `has_characters` they rest, digits and the letters of the search too, until it is back.
    """
    user.desk_keys = own_changes(keys)
    user.has_character_keys = has_characters
    user.save(update_fields=["desk_keys", "has_character_keys"])


def save_mail_choice(*, user: User, wants_mail: bool, email: str) -> None:
    """Store whether a person wants mail, and where to. Who wants none needs no address here.

    A new address is yet to be confirmed (`services.confirmations`).
    """
    user.wants_mail, user.email = wants_mail, email if wants_mail else ""
    if user.confirmed_email != user.email:
        user.confirmed_email = ""
    user.save(update_fields=["wants_mail", "email", "confirmed_email"])
