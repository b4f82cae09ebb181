"""What moderators ask a lead, as leads see it."""

from dataclasses import dataclass

from django.db.models import Prefetch

from reviewapp.choices import ReviewStatus, Verdict
from reviewapp.models import Decision, ReviewItem
from reviewapp.selectors.pages import Page, page_by_time

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Question:
    """An escalated item with what was asked about it, newest first."""

    item: ReviewItem
    asked: list[Decision]


def open_questions(*, cursor: str = "") -> Page[ReviewItem]:
    """A page of what waits for a lead, newest first; each has its `asked`. Raises CursorInvalid."""
    rows = ReviewItem.objects.filter(escalated_at__isnull=False)
    waiting = rows.exclude(status=ReviewStatus.RESOLVED).select_related(
        "product__image", "claimed_by"
    )
    asked = Decision.objects.filter(verdict=Verdict.ESCALATED, undone_by=None)
    in_order = asked.select_related("moderator").order_by("-pk")
    wanted = waiting.prefetch_related(Prefetch("decisions", in_order, to_attr="asked"))
    return page_by_time(wanted, field="escalated_at", cursor=cursor, size=PAGE_SIZE)


def question(*, item_id: int) -> Question:
    """One question, open or answered. Raises ReviewItem.DoesNotExist."""
    rows = ReviewItem.objects.filter(escalated_at__isnull=False)
    item = rows.select_related("product__image", "claimed_by").get(pk=item_id)
    asked = Decision.objects.filter(item=item, verdict=Verdict.ESCALATED, undone_by=None)
    return Question(item, list(asked.select_related("moderator").order_by("-pk")))
