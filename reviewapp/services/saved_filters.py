"""Saved filters: a person's own names for queues of the review desk."""

from dataclasses import dataclass

from django.db import transaction

from reviewapp.domain.queues import ReviewQueue
from reviewapp.models import SavedFilter, User

MOST_FILTERS = 20


@dataclass(eq=False)
class TooManyFilters(Exception):
    """The person has MOST_FILTERS already."""


@transaction.atomic
def save_filter(*, owner: User, name: str, queue: ReviewQueue, is_default: bool) -> SavedFilter:
    """Name `queue`; the same name again changes it. A default one takes the place of another.

    Raises TooManyFilters.
    """
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    own = SavedFilter.objects.filter(owner=owner)
    if not own.filter(name=name).exists() and own.count() >= MOST_FILTERS:
        raise TooManyFilters
    if is_default:
        own.filter(is_default=True).update(is_default=False)
    saved, _created = SavedFilter.objects.update_or_create(
        owner=owner, name=name, defaults={"queue": str(queue), "is_default": is_default}
    )
    return saved


def delete_filter(*, owner: User, filter_id: int) -> None:
    """Forget one of the owner's filters; another person's stays, and a repeat does nothing."""
    SavedFilter.objects.filter(owner=owner, pk=filter_id).delete()
