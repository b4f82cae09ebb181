"""Handing out review items: each to one moderator, under a lease."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from reviewapp.choices import ServedBy
from reviewapp.domain import queues
from reviewapp.domain import review as rules
from reviewapp.domain.priority import HIGH_VALUE
from reviewapp.domain.queues import EVERYTHING, ReviewQueue, Skills
from reviewapp.models import Decision, User
from reviewapp.selectors.review.queue import held_in_queue, skills_of
from reviewapp.services.review.leases import held_by, lease_end, of_page, renew

# One statement: two moderators never read the same free row, and neither waits for the other.
# MATERIALIZED: the row is chosen and locked once, whatever the planner thinks of the join.
_CLAIM = """
WITH free AS MATERIALIZED ({free})
UPDATE reviewapp_reviewitem AS item
SET status = 'claimed', claimed_by_id = %(moderator)s, claim_expires_at = %(until)s,
    claim_page = %(page)s, first_seen_at = coalesce(item.first_seen_at, %(now)s),
    served_by = %(served_by)s, serving_probability = %(probability)s
FROM free
WHERE item.id = free.id
RETURNING item.id
"""
_FIRST = """
    SELECT item.id, item.rank
    FROM reviewapp_reviewitem item
    WHERE {within} AND item.not_for_id IS DISTINCT FROM %(moderator)s
      AND (item.checks_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM reviewapp_recheck demotion
          WHERE demotion.moderator_id = %(moderator)s AND demotion.demotes
            AND demotion.undone_at IS NULL
      ))
      AND NOT (item.reasons @> ARRAY['seller_appeal']::varchar(20)[] AND EXISTS (
          SELECT 1 FROM reviewapp_decision own
          WHERE own.product_id = item.product_id AND own.moderator_id = %(moderator)s
            AND own.verdict IN ('confirmed', 'corrected')
            AND NOT EXISTS (SELECT 1 FROM reviewapp_decision undo WHERE undo.undoes_id = own.id)
      ))
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_reviewitem_skipped_by skip
          WHERE skip.reviewitem_id = item.id AND skip.user_id = %(moderator)s
      )
    ORDER BY {order}
    LIMIT 1
    FOR UPDATE OF item SKIP LOCKED
"""
# The first of each family by its index, and of these the first: an index holds no order over
# several families. The others are locked until the end of the transaction and no longer.
_FIRST_OF_FAMILIES = """
    SELECT item.id FROM unnest(%(families)s::bigint[]) AS chosen (family)
    CROSS JOIN LATERAL ({first}) AS item
    ORDER BY item.rank DESC, item.id
    LIMIT 1
"""
_FREE = """item.status <> 'resolved'
      AND (item.status = 'pending' OR item.claim_expires_at <= %(now)s)
      AND (item.escalated_at IS NULL OR %(is_lead)s)
      AND (item.only_for_id IS NULL OR item.only_for_id = %(moderator)s)
      AND (item.assigned_to_id IS NULL OR item.assigned_to_id = %(moderator)s
           OR item.assigned_until <= %(now)s)"""
_WITH_REASON = "item.reasons @> ARRAY[%(reason)s]::varchar(20)[]"
# Checks look like audits, here too.
_AUDIT_LIKE = "item.reasons && ARRAY['audit', 'second_opinion', 'gold']::varchar(20)[]"
# A blind item in the queue of a family would tell what FUSION said.
_OF_FAMILY = "NOT item.is_blind AND item.family_id = (SELECT id FROM reviewapp_categoryfamily WHERE slug = %(family)s)"
_OF_CHOSEN = "NOT item.is_blind AND item.family_id = chosen.family"
_OF_SKILLS = "NOT item.is_blind AND item.family_id = ANY(%(families)s)"
_OLD = "item.opened_at <= %(before)s"
# As the index has it.
_HIGH = f"NOT item.is_blind AND item.priority >= {HIGH_VALUE}"
# A known answer measures this one person: whatever the queue, or a filter would be a way round it.
_MEANT_FOR = "item.only_for_id = %(moderator)s"
_OWN = "item.assigned_to_id = %(moderator)s AND item.assigned_until > %(now)s"
_OF_DEMO = (
    "EXISTS (SELECT 1 FROM reviewapp_product product"
    " WHERE product.id = item.product_id AND product.is_demo)"
)
_OTHER_GROUP = "item.group_key IS DISTINCT FROM %(group)s"
_BY_RANK = "item.rank DESC, item.id"
_BY_AGE = "item.opened_at, item.id"
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
    page: UUID | None = None,
    only_demo: bool = False,
    draw: Callable[[], float] = random.random,
) -> int | None:
    """Hand `moderator` an item of `queue` and return its id, or None when none is free.

    `page` is the browser page that asks, and `have` what is on it already. What the moderator
    holds beside that comes first, with its lease renewed, so that a reloaded page gets its item
    back; what another page of the moderator's shows is left to that one. Then comes what a lead has assigned to the moderator, and in a limited queue what is to measure him or
    her; then, from the queue of everything and with the
    probability REVIEW_EXPLORATION, one by lot; then the highest rank, of the families that the
    moderator is strong in before others, and of another near-duplicate group once MOST_IN_A_ROW of
    one have been served. None is handed out that the moderator skipped, that checks his or her own
    answer, or anybody's while he or she is demoted, that is an appeal about a product he or she
    has decided, that is assigned to somebody else, or that is outside the families the moderator
    is limited to. How it was served and how likely that was is stored with the item.
    `only_demo` leaves everything but demo products alone. `draw`: uniform in [0, 1).
    Never waits for a colleague's claim. Raises TooManyHeld at MOST_HELD items.
    """
    held = held_by(moderator).filter(claim_expires_at__gt=now).exclude(served_by=ServedBy.BULK)
    here = held.filter(of_page(page)).exclude(pk__in=have)
    own = held_in_queue(here, queue, moderator=moderator, now=now)
    if only_demo:
        own = own.filter(product__is_demo=True)
    own_id = own.order_by("-rank", "id").values_list("pk", flat=True).first()
    if own_id is not None and renew(moderator, [own_id], now, page) == [own_id]:
        return own_id
    count = held.count()
    if count >= rules.MOST_HELD:
        raise TooManyHeld(count)
    skills = skills_of(moderator=moderator)
    return _claim_free(_Ask(moderator, now, queue, page, only_demo, draw, skills))


@dataclass(frozen=True, slots=True)
class _Ask:
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
            "is_lead": self.moderator.has_perm("reviewapp.lead_review"),
            "reason": self.queue.reason,
            "family": self.queue.family,
            "before": self.now - timedelta(days=self.queue.days),
            "now": self.now,
            "until": lease_end(self.now),
        }

    @property
    def is_limited(self) -> bool:
        return not self.queue.is_everything or self.only_demo or bool(self.skills.allowed)

    @property
    def share(self) -> float:
        """Return how much of it is served by lot: a limited queue is somebody's choice, and a lot
        there would walk past what is not in it."""
        return 0.0 if self.is_limited else settings.REVIEW_EXPLORATION

    @property
    def order(self) -> str:
        return _BY_AGE if self.queue.is_by_age else _BY_RANK

    def limits(self) -> list[str]:
        """Return the SQL of what the queue holds."""
        queue = self.queue
        return [
            sql
            for sql, applies in (
                (_WITH_REASON, queue.reason and not queue.is_audit),
                (_AUDIT_LIKE, queue.is_audit),
                (_OF_FAMILY, queue.family),
                (_OLD, queue.days),
                (_HIGH, queue.is_high),
                (_OWN, queue.is_assigned),
                (_OF_DEMO, self.only_demo),
            )
            if applies
        ]

    def family_tiers(self) -> list[frozenset[int]]:
        """Return the families to look in, one set after the other; an empty one stands for all."""
        return [*([self.skills.strong] if self.skills.strong else []), self.skills.allowed]


def _claim_free(ask: _Ask) -> int | None:
    values = ask.values() | {"served_by": ServedBy.RANK.value, "probability": 1.0}
    with connection.cursor() as cursor:
        own = _claim(cursor, values, [*ask.limits(), _OWN], ask.order)
        if own is None and ask.is_limited:
            demo = [_OF_DEMO] if ask.only_demo else []
            own = _claim(cursor, values, [_MEANT_FOR, *demo], ask.order)
        if own is not None or ask.queue.is_assigned:
            return own
        share, start = ask.share, ask.draw()
        waiting = _waiting(cursor, values, start) if share else 1.0
        if share and ask.draw() < share:
            by_lot = _claim_by_lot(cursor, values, start, share, waiting)
            if by_lot is not None:
                return by_lot
        values["probability"] = queues.serving_probability(ServedBy.RANK, share, waiting)
        return _claim_by_rank(cursor, values, ask)


def _claim_by_lot(
    cursor: Any, values: dict[str, Any], start: float, share: float, waiting: float
) -> int | None:
    drawn = values | {
        "served_by": ServedBy.RANDOM.value,
        "probability": queues.serving_probability(ServedBy.RANDOM, share, waiting),
        "start": start,
    }
    above = _claim(cursor, drawn, ["item.draw >= %(start)s"], _BY_LOT)
    return above or _claim(cursor, drawn, ["item.draw < %(start)s"], _BY_LOT)


def _claim_by_rank(cursor: Any, values: dict[str, Any], ask: _Ask) -> int | None:
    group = queues.group_to_leave(_groups_served(ask.moderator))
    limits = ask.limits()
    attempts = [
        (families, [_OTHER_GROUP] if group is not None else []) for families in ask.family_tiers()
    ]
    if group is not None:  # nothing else is left
        attempts.append((ask.skills.allowed, []))
    for families, apart in attempts:
        chosen = values | {"group": group, "families": sorted(families)}
        found = _claim(cursor, chosen, [*limits, *apart], ask.order, by_family=bool(families))
        if found is not None:
            return found
    return None


def _groups_served(moderator: User) -> list[int | None]:
    """Return the near-duplicate groups of what the moderator got last, newest first."""
    held = held_by(moderator).exclude(served_by=ServedBy.BULK)
    groups = list(held.values_list("group_key", flat=True)[: queues.MOST_IN_A_ROW])
    answered = Decision.objects.filter(moderator=moderator, is_bulk=False).order_by("-decided_at")
    return groups + list(answered.values_list("item__group_key", flat=True)[: queues.MOST_IN_A_ROW])


def _waiting(cursor: Any, values: dict[str, Any], start: float) -> float:
    cursor.execute(_DRAWS.format(free=_FREE), values | {"start": start, "most": _MOST_DRAWS})
    return queues.waiting_estimate([row[0] for row in cursor.fetchall()], start, _MOST_DRAWS)


def _claim(
    cursor: Any, values: dict[str, Any], limits: list[str], order: str, *, by_family: bool = False
) -> int | None:
    is_of_one = _OF_FAMILY in limits
    family = [_OF_SKILLS if is_of_one else _OF_CHOSEN] if by_family else []
    free = _FIRST.format(within=" AND ".join([_FREE, *limits, *family]), order=order)
    if by_family and not is_of_one:
        free = _FIRST_OF_FAMILIES.format(first=free)
    cursor.execute(_CLAIM.format(free=free), values)
    row = cursor.fetchone()
    return row[0] if row else None
