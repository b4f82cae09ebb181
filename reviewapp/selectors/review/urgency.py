"""Why an item comes when it does: the arithmetic of its priority."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from reviewapp.choices import ServedBy
from reviewapp.domain.priority import ExpectedCost
from reviewapp.models import ReviewItem
from reviewapp.models.review import AGEING_PER_DAY


@dataclass(frozen=True, slots=True)
class Urgency:
    """An item's place in the queue, in numbers.

    expected: what the priority was made of, unless it was given; at: when it was served;
    waited: rank gained by waiting; by_lot: drawn instead of being first
    """

    priority: float
    expected: ExpectedCost | None
    at: datetime | None
    waited: float
    by_lot: bool
    exploration: float

    @property
    def total(self) -> float:
        return self.priority + self.waited


def urgency(item: ReviewItem) -> Urgency:
    """Return how the item came to be served. Not for a blind one: it tells how sure FUSION was."""
    expected = ExpectedCost.from_json(item.expected_cost) if item.expected_cost else None
    # An escalation or a second opinion has lifted it since.
    if expected is not None and abs(expected.priority - item.priority) > 1e-9:
        expected = None
    waited = (item.first_seen_at - item.opened_at).total_seconds() if item.first_seen_at else 0.0
    return Urgency(
        priority=item.priority,
        expected=expected,
        at=item.first_seen_at,
        waited=max(waited, 0.0) / 86_400 * AGEING_PER_DAY,
        by_lot=item.served_by == ServedBy.RANDOM,
        exploration=settings.REVIEW_EXPLORATION,
    )
