"""Skills: the families that a moderator is limited to, or strong in."""

from collections.abc import Mapping

from django.db import transaction

from reviewapp.choices import SkillKind
from reviewapp.models import ModeratorSkill, User


@transaction.atomic
def set_skills(*, moderator: User, kinds: Mapping[int, SkillKind]) -> None:
    """Make `kinds`, by family id, all that is said of the moderator. Holds from the next claim on."""
    User.objects.select_for_update(no_key=True).get(pk=moderator.pk)
    ModeratorSkill.objects.filter(moderator=moderator).exclude(family__in=kinds).delete()
    ModeratorSkill.objects.bulk_create(
        (
            ModeratorSkill(moderator=moderator, family_id=family, kind=kind)
            for family, kind in kinds.items()
        ),
        update_conflicts=True,
        unique_fields=["moderator", "family"],
        update_fields=["kind"],
    )
