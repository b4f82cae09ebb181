"""Queues by the names that people read."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reviewapp.choices import ReviewReason
from reviewapp.domain.queues import ReviewQueue, parse
from reviewapp.models import CategoryFamily, SavedFilter, User


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved filter with its queue in words."""

    filter: SavedFilter
    words: str


def saved_filters(*, owner: User) -> list[Saved]:
    """Return the owner's filters by name; two queries."""
    families = {family.slug: family.name for family in CategoryFamily.objects.all()}
    rows = SavedFilter.objects.filter(owner=owner)
    return [Saved(row, queue_name(parse(row.queue), families)) for row in rows]


def default_queue(*, owner: User) -> ReviewQueue | None:
    """Return the queue that the owner's desk opens with, if one was chosen."""
    chosen = SavedFilter.objects.filter(owner=owner, is_default=True)
    text = chosen.values_list("queue", flat=True).first()
    return None if text is None else parse(text)


def queue_name(queue: ReviewQueue, families: dict[str, str] | None = None) -> str:
    """Return the queue in words: every limit that it has."""
    days = ngettext("for over %(n)d day", "for over %(n)d days", queue.days) % {"n": queue.days}
    words = [
        reason_name(queue.reason) if queue.reason else "",
        _family(queue.family, families) if queue.family else "",
        days if queue.days else "",
        _("high value") if queue.is_high else "",
        _("assigned to me") if queue.is_assigned else "",
    ]
    return " · ".join(word for word in words if word) or _("All products")


def reason_name(reason: ReviewReason) -> str:
    """Return what the queue of a reason is called; that of audits holds all that is blind."""
    return _("Blind checks") if reason is ReviewReason.AUDIT else str(reason.label)


def _family(slug: str, families: dict[str, str] | None) -> str:
    if families is None:
        families = {row.slug: row.name for row in CategoryFamily.objects.filter(slug=slug)}
    return families.get(slug, slug)
