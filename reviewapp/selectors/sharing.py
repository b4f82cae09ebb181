"""Who gets which products: skills and assignments of every moderator."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Max

from reviewapp.choices import ReviewStatus
from reviewapp.models import ModeratorSkill, ReviewItem, User
from reviewapp.selectors.decisions import searchable_moderators


@dataclass(slots=True)
class Share:
    """What is said of one moderator. kinds: by family id; kept: open items, the last one until"""

    moderator: User
    skills: list[ModeratorSkill] = field(default_factory=list)
    kept: int = 0
    until: datetime | None = None

    @property
    def kinds(self) -> dict[int, str]:
        return {skill.family_id: skill.kind for skill in self.skills}


def shares(*, now: datetime) -> list[Share]:
    """Return a row for everybody who may be handed items, by name; three queries."""
    people = User.objects.filter(searchable_moderators(), is_active=True).distinct()
    found = {person.pk: Share(person) for person in people.order_by("username")}
    skills = ModeratorSkill.objects.filter(moderator__in=found).select_related("family")
    for skill in skills.order_by("family__position"):
        found[skill.moderator_id].skills.append(skill)
    kept = ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED).filter(
        assigned_to__in=found, assigned_until__gt=now
    )
    for person, count, until in kept.values_list("assigned_to").annotate(
        Count("pk"), Max("assigned_until")
    ):
        found[person].kept, found[person].until = count, until
    return list(found.values())
