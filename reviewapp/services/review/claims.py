"""Handing out review items: each to one moderator, under a lease."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from reviewapp.choices import ServedBy
from reviewapp.domain import queues
from reviewapp.domain import review as rules
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import User
from reviewapp.selectors.review.queue import in_queue
from reviewapp.services.review.leases import held_by, lease_end, renew

# One statement: two moderators never read the same free row, and neither waits for the other.
# MATERIALIZED: the row is chosen and locked once, whatever the planner thinks of the join.
_CLAIM = """
WITH free AS MATERIALIZED (
    SELECT item.id
    FROM reviewapp_reviewitem item
    WHERE {free} AND {queue}
      AND item.not_for_id IS DISTINCT FROM %(moderator)s
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_reviewitem_skipped_by skip
          WHERE skip.reviewitem_id = item.id AND skip.user_id = %(moderator)s
      )
    ORDER BY {order}
    LIMIT 1
    FOR UPDATE OF item SKIP LOCKED
)
UPDATE reviewapp_reviewitem AS item
SET status = 'claimed', claimed_by_id = %(moderator)s, claim_expires_at = %(until)s,
    first_seen_at = coalesce(item.first_seen_at, %(now)s),
    served_by = %(served_by)s, serving_probability = %(probability)s
FROM free
WHERE item.id = free.id
RETURNING item.id
"""
_FREE = """item.status <> 'resolved'
      AND (item.status = 'pending' OR item.claim_expires_at <= %(now)s)
      AND (item.escalated_at IS NULL OR %(is_lead)s)"""
_WITH_REASON = "item.reasons @> ARRAY[%(reason)s]::varchar(20)[]"
# A blind item in the queue of a family would tell what FUSION said.
_OF_FAMILY = "NOT item.is_blind AND item.family_id = (SELECT id FROM reviewapp_categoryfamily WHERE slug = %(family)s)"
_OF_DEMO = (
    "EXISTS (SELECT 1 FROM reviewapp_product product"
    " WHERE product.id = item.product_id AND product.is_demo)"
)
_BY_RANK = "item.rank DESC, item.id"
_BY_LOT = "item.draw"
_DRAWS = """
SELECT item.draw FROM reviewapp_reviewitem item WHERE {free} AND item.draw >= %(start)s
ORDER BY item.draw LIMIT %(most)s
"""
_MOST_DRAWS = 64


@dataclass(eq=False)
class TooManyHeld(Exception):
    """A moderator may hold only a few items at a time, so that colleagues find some too."""

    held: int


@transaction.atomic
def claim_next(
    *,
    moderator: User,
    now: datetime,
    queue: ReviewQueue = EVERYTHING,
    have: Collection[int] = (),
    only_demo: bool = False,
    draw: Callable[[], float] = random.random,
) -> int | None:
    """Hand `moderator` an item of `queue` and return its id, or None when none is free.

    `have` are items already on the moderator's page. One that the moderator holds beside them
    comes first, with its lease renewed, so that a reloaded page gets its item back. Then comes
    the free item of the highest rank or, from the queue of everything and with the probability
    REVIEW_EXPLORATION, one by lot; none that the moderator skipped, or that checks his or her
    own answer. How it was served and how likely that was is stored with the item.
    `only_demo` leaves everything but demo products alone. `draw`: uniform in [0, 1).
    Never waits for a colleague's claim. Raises TooManyHeld at MOST_HELD items.
    """
    held = held_by(moderator).filter(claim_expires_at__gt=now)
    own = in_queue(held.exclude(pk__in=have), queue)
    if only_demo:
        own = own.filter(product__is_demo=True)
    own_id = own.order_by("-rank", "id").values_list("pk", flat=True).first()
    if own_id is not None and renew(moderator, [own_id], now) == [own_id]:
        return own_id
    count = held.count()
    if count >= rules.MOST_HELD:
        raise TooManyHeld(count)
    return _claim_free(_Ask(moderator, now, queue, only_demo, draw))


@dataclass(frozen=True, slots=True)
class _Ask:
    moderator: User
    now: datetime
    queue: ReviewQueue
    only_demo: bool
    draw: Callable[[], float]

    def values(self) -> dict[str, Any]:
        return {
            "moderator": self.moderator.pk,
            "is_lead": self.moderator.has_perm("reviewapp.lead_review"),
            "reason": self.queue.reason,
            "family": self.queue.family,
            "now": self.now,
            "until": lease_end(self.now),
        }

    def limits(self) -> str:
        """Return the SQL of what the queue holds."""
        limits = [_WITH_REASON] if self.queue.reason else []
        limits += [_OF_FAMILY] if self.queue.family else []
        limits += [_OF_DEMO] if self.only_demo else []
        return " AND ".join(limits) or "true"


def _claim_free(ask: _Ask) -> int | None:
    # A limited queue is somebody's choice: a lot there would walk past what is not in it.
    share = settings.REVIEW_EXPLORATION if ask.queue.is_everything and not ask.only_demo else 0.0
    values = ask.values()
    start = ask.draw()
    with connection.cursor() as cursor:
        waiting = _waiting(cursor, values, start) if share else 1.0
        if share and ask.draw() < share:
            values["probability"] = queues.serving_probability(ServedBy.RANDOM, share, waiting)
            values |= {"served_by": ServedBy.RANDOM.value, "start": start}
            for above in ("item.draw >= %(start)s", "item.draw < %(start)s"):
                if (item_id := _claim(cursor, values, above, _BY_LOT)) is not None:
                    return item_id
        values["probability"] = queues.serving_probability(ServedBy.RANK, share, waiting)
        values["served_by"] = ServedBy.RANK.value
        return _claim(cursor, values, ask.limits(), _BY_RANK)


def _waiting(cursor: Any, values: dict[str, Any], start: float) -> float:
    cursor.execute(_DRAWS.format(free=_FREE), values | {"start": start, "most": _MOST_DRAWS})
    return queues.waiting_estimate([row[0] for row in cursor.fetchall()], start, _MOST_DRAWS)


def _claim(cursor: Any, values: dict[str, Any], limits: str, order: str) -> int | None:
    cursor.execute(_CLAIM.format(free=_FREE, queue=limits, order=order), values)
    row = cursor.fetchone()
    return row[0] if row else None
