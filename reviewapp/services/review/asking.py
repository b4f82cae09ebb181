"""What a moderator asks the queue for: the limits of a claim, as SQL over `item`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from reviewapp.domain.priority import HIGH_VALUE
from reviewapp.domain.queues import ReviewQueue, Skills
from reviewapp.models import User
from reviewapp.services.review.leases import lease_end

# A blind item in the queue of a reason would tell what its card hides, and in that of a family what
# FUSION said.
WITH_REASON: Final = "NOT item.is_blind AND item.reasons @> ARRAY[%(reason)s]::varchar(20)[]"
OF_FAMILY: Final = (
    "NOT item.is_blind AND item.family_id ="
    " (SELECT id FROM reviewapp_categoryfamily WHERE slug = %(family)s)"
)
# Of who is limited to families everything is in these, which tells such a person the family of what
# is blind, as the page says where limits are set; of who is strong in some, nothing blind.
OF_CHOSEN: Final = "(%(is_limited)s OR NOT item.is_blind) AND item.family_id = chosen.family"
OF_SKILLS: Final = "item.family_id = ANY(%(families)s)"
OLD: Final = "item.opened_at <= %(before)s"
# As the index has it.
HIGH: Final = f"NOT item.is_blind AND item.priority >= {HIGH_VALUE}"
# A known answer measures this one person: whatever the queue, or a filter would be a way round it.
MEANT_FOR: Final = "item.only_for_id = %(moderator)s"
OWN: Final = "item.assigned_to_id = %(moderator)s AND item.assigned_until > %(now)s"
BLIND: Final = "item.is_blind"
OF_DEMO: Final = (
    "EXISTS (SELECT 1 FROM reviewapp_product product"
    " WHERE product.id = item.product_id AND product.is_demo)"
)
BY_RANK: Final = "item.rank DESC, item.id"
BY_AGE: Final = "item.opened_at, item.id"


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for an item of which queue, on which page; draw: uniform in [0, 1)."""

    moderator: User
    now: datetime
    queue: ReviewQueue
    page: UUID | None
    only_demo: bool
    draw: Callable[[], float]
    skills: Skills

    def values(self) -> dict[str, Any]:
        return {
            "moderator": self.moderator.pk,
            "page": self.page,
            "is_lead": self.is_lead,
            "is_limited": bool(self.skills.allowed),
            "reason": self.queue.reason,
            "family": self.queue.family,
            "families": sorted(self.skills.allowed),
            "before": self.now - timedelta(days=self.queue.days),
            "now": self.now,
            "until": lease_end(self.now),
        }

    @property
    def is_lead(self) -> bool:
        return self.moderator.has_perm("reviewapp.lead_review")

    @property
    def is_limited(self) -> bool:
        return not self.queue.is_everything or self.only_demo or bool(self.skills.allowed)

    @property
    def is_steered(self) -> bool:
        """True when what is served would not hold its share of blind items by itself: a filter or
        a strong family comes before them. The queue of what is blind holds nothing else."""
        is_filtered = not (self.queue.is_everything or self.queue.is_blind)
        return is_filtered or bool(self.skills.strong)

    @property
    def share(self) -> float:
        """Return how much of it is served by lot: a limited queue is somebody's choice, and a lot
        there would walk past what is not in it."""
        return 0.0 if self.is_limited else settings.REVIEW_EXPLORATION

    @property
    def order(self) -> str:
        return BY_AGE if self.queue.is_by_age else BY_RANK

    def limits(self) -> list[str]:
        """Return the SQL of what the queue holds."""
        queue = self.queue
        return [
            sql
            for sql, applies in (
                (WITH_REASON, queue.reason and not queue.is_blind),
                (BLIND, queue.is_blind),
                (OF_FAMILY, queue.family),
                (OLD, queue.days),
                (HIGH, queue.is_high),
                (OWN, queue.is_assigned),
                (OF_DEMO, self.only_demo),
            )
            if applies
        ]

    def bounds(self) -> list[str]:
        """Return the SQL of what holds for this moderator whatever the queue."""
        return [
            *([OF_DEMO] if self.only_demo else []),
            *([OF_SKILLS] if self.skills.allowed else []),
        ]

    def family_tiers(self) -> list[frozenset[int]]:
        """Return the families to look in, one set after the other; an empty one stands for all."""
        return [*([self.skills.strong] if self.skills.strong else []), self.skills.allowed]
