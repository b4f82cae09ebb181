"""Assignments: a lead keeps open items for one moderator, for a limited time."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from reviewapp.domain.queues import ReviewQueue
from reviewapp.models import Product, ReviewItem, User
from reviewapp.selectors.appeals import barred_from
from reviewapp.selectors.review.free import (
    is_kept_for_another,
    is_skipped,
    is_unheld,
    unresolved,
)
from reviewapp.selectors.review.queue import in_queue

MOST_ASSIGNED = 200
"""Items of one assignment: the others' next item is looked for behind them."""


@transaction.atomic
def assign_slice(
    *, queue: ReviewQueue, moderator: User, most: int, until: datetime, now: datetime
) -> int:
    """Keep the first `most` free items of `queue` for `moderator` until then; return how many.

    Left out are items that somebody holds, that are kept for somebody already, and those that the
    moderator could not be handed: skipped, escalated, a check of his or her own answer, or what
    measures a colleague. Takes MOST_ASSIGNED at most, and waits for nobody.
    """
    free = _free(moderator, now).exclude(assigned_to__isnull=False, assigned_until__gt=now)
    found = in_queue(free, queue, moderator=moderator, now=now).order_by("-rank", "id")
    locked = found.select_for_update(skip_locked=True, no_key=True, of=("self",))
    chosen: list[int] = []
    # What colleagues have asked comes first, and by an index of its own, as at the desk.
    for part in (locked.filter(escalated_at__isnull=False), locked.filter(escalated_at=None)):
        room = min(most, MOST_ASSIGNED) - len(chosen)
        chosen += part.values_list("pk", flat=True)[:room]
    return _assign(chosen, moderator, until)


@transaction.atomic
def assign_product(*, product: Product, moderator: User, until: datetime, now: datetime) -> bool:
    """Keep the product's open item for `moderator`, whomever it was kept for; say whether it was
    possible. It is not when somebody holds it, or when the moderator could not be handed it."""
    locked = _free(moderator, now).filter(product=product).select_for_update(no_key=True)
    return _assign(list(locked.values_list("pk", flat=True)), moderator, until) == 1


def end_assignments(*, moderator: User) -> int:
    """Give everybody back what is kept for `moderator`; return how many items."""
    return unresolved().filter(assigned_to=moderator).update(assigned_to=None, assigned_until=None)


def _free(moderator: User, now: datetime) -> QuerySet[ReviewItem]:
    free = unresolved().filter(is_unheld(now)).exclude(is_kept_for_another(moderator))
    if not moderator.has_perm("reviewapp.lead_review"):
        free = free.filter(escalated_at=None)
    return free.exclude(barred_from(moderator) | is_skipped(moderator))


def _assign(items: list[int], moderator: User, until: datetime) -> int:
    found = ReviewItem.objects.filter(pk__in=items)
    return found.update(assigned_to=moderator, assigned_until=until)
