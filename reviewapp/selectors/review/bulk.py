"""Near duplicates that FUSION puts into one category, as grids."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import Exists, QuerySet

from reviewapp.choices import ServedBy
from reviewapp.models import Category, ReviewItem, User
from reviewapp.models.review import IN_BULK
from reviewapp.selectors.interests import own_interest
from reviewapp.selectors.rechecks import in_force
from reviewapp.selectors.review.free import (
    is_assigned_to_another,
    is_held,
    is_skipped,
    is_unheld,
)
from reviewapp.selectors.review.queue import skills_of

LOOKED_THROUGH: Final = 2000
"""Of the most urgent items; a group further down shows up when it has waited its turn."""
GROUPS_SHOWN: Final = 24
_SAMPLES: Final = 4
SMALLEST: Final = 2


@dataclass(frozen=True, slots=True)
class Group:
    """A near-duplicate group in one category; `count` of the items looked through."""

    group_key: int
    category: Category
    count: int
    samples: list[ReviewItem] = field(default_factory=list)


def within_reach(
    items: QuerySet[ReviewItem], *, moderator: User, now: datetime
) -> QuerySet[ReviewItem]:
    """Limit `items` to those that may be handed to the moderator now; none while demoted."""
    free = items.filter(is_unheld(now), ~_is_demoted(moderator), ~own_interest(moderator)).exclude(
        is_assigned_to_another(moderator, now) | is_skipped(moderator)
    )
    allowed = skills_of(moderator=moderator).allowed
    return free.filter(family__in=allowed) if allowed else free


def _is_demoted(moderator: User) -> Exists:
    return Exists(in_force().filter(moderator=moderator))


def bulk_groups(*, moderator: User, now: datetime) -> list[Group]:
    """Return the grids that the moderator holds, then the most urgent ones that he or she could
    take up; five queries."""
    in_bulk = ReviewItem.objects.filter(IN_BULK)
    mine = _held_in_grids(in_bulk, moderator, now).exclude(_is_demoted(moderator))
    free = within_reach(in_bulk, moderator=moderator, now=now)
    members: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for items, most in ((mine, None), (free, LOOKED_THROUGH)):
        rows = items.order_by("-rank", "id").values_list("pk", "group_key", "suggested")
        for pk, group_key, category in rows[:most]:
            if group_key is not None and category is not None:
                members[group_key, category].append(pk)
    found = [key for key, pks in members.items() if len(pks) >= SMALLEST][:GROUPS_SHOWN]
    categories = Category.objects.select_related("family").in_bulk({key[1] for key in found})
    shown = [pk for key in found for pk in members[key][:_SAMPLES]]
    samples = ReviewItem.objects.select_related("product__image").in_bulk(shown)
    return [
        Group(
            group_key,
            categories[category],
            len(members[group_key, category]),
            [samples[pk] for pk in members[group_key, category][:_SAMPLES] if pk in samples],
        )
        for group_key, category in found
        if category in categories and categories[category].is_active
    ]


def _held_in_grids(
    items: QuerySet[ReviewItem], moderator: User, now: datetime
) -> QuerySet[ReviewItem]:
    return items.filter(is_held(now), claimed_by=moderator, served_by=ServedBy.BULK)


def grid_items(
    *, moderator: User, group_key: int, category: Category, now: datetime
) -> list[ReviewItem]:
    """Return the items of a grid that the moderator holds, most urgent first."""
    grid = ReviewItem.objects.filter(IN_BULK, group_key=group_key, suggested=category)
    held = _held_in_grids(grid, moderator, now)
    return list(held.select_related("product__image").order_by("-rank", "id"))


def near_duplicates(item: ReviewItem) -> int:
    """Return how many other open items a grid has that `item` belongs to, counted up to 100."""
    if item.group_key is None or item.suggested_id is None or item.is_blind:
        return 0
    alike = ReviewItem.objects.filter(
        IN_BULK, group_key=item.group_key, suggested=item.suggested_id
    ).exclude(pk=item.pk)
    return alike.order_by()[:100].count()
