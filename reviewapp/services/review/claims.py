"""Handing out review items: each to one moderator, under a lease."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from reviewapp.choices import ServedBy
from reviewapp.domain import queues
from reviewapp.domain import review as rules
from reviewapp.domain.queues import EVERYTHING, ReviewQueue
from reviewapp.models import Decision, ReviewItem, User
from reviewapp.selectors.review.free import FREE, MAY_HAVE
from reviewapp.selectors.review.queue import held_in_queue, skills_of
from reviewapp.services.review.asking import (
    BLIND,
    BY_RANK,
    MEANT_FOR,
    OF_CHOSEN,
    OF_DEMO,
    OF_FAMILY,
    OF_SKILLS,
    OWN,
    Ask,
)
from reviewapp.services.review.leases import held_by, renew

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
    WHERE {within} AND {may_have}
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
# What a colleague has asked a lead lies on top of the queue, where everybody else would walk over
# it: leads take it first, by an index of its own, and the common indexes leave it out.
_ESCALATED = "item.escalated_at IS NOT NULL"
_UNESCALATED = "item.escalated_at IS NULL"
_AS_ASKED = "(item.escalated_at IS NULL OR %(is_lead)s)"
_OTHER_GROUP = "item.group_key IS DISTINCT FROM %(group)s"
_BY_LOT = "item.draw"
_DRAWS = """
SELECT item.draw FROM reviewapp_reviewitem item
WHERE {free} AND item.escalated_at IS NULL AND item.draw >= %(start)s
ORDER BY item.draw LIMIT %(most)s
"""
_MOST_DRAWS = 64
# How much of the common queue is blind where it is served: the next ones, whoever they may go to.
_NEXT_BLIND = """
SELECT coalesce(avg(next.is_blind::int), 0) FROM (
    SELECT item.is_blind FROM reviewapp_reviewitem item
    WHERE {free} AND item.escalated_at IS NULL AND item.only_for_id IS NULL
      AND item.not_for_id IS DISTINCT FROM %(moderator)s
    ORDER BY item.rank DESC, item.id LIMIT 64
) AS next
"""
# For most there is neither, and this takes a tenth of the time that a claim takes to plan.
_IS_ANY_OWN = """
SELECT EXISTS (SELECT 1 FROM reviewapp_reviewitem item
               WHERE item.status <> 'resolved' AND item.assigned_to_id = %(moderator)s),
       EXISTS (SELECT 1 FROM reviewapp_reviewitem item
               WHERE item.status <> 'resolved' AND item.only_for_id = %(moderator)s)
"""
# In order, for the same index as the claim: EXISTS would read the table where the planner hopes.
# What is meant for the one who asks is no company to itself.
_QUEUE_HOLDS_SOME = """(
    SELECT item.id FROM reviewapp_reviewitem item
    WHERE {within} AND item.only_for_id IS NULL AND {may_have} ORDER BY {order} LIMIT 1
) IS NOT NULL"""


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

    `page` is the browser page that asks, and `have` what is on it already. What the moderator holds
    beside that comes first, with its lease renewed, so that a reloaded page gets its item back;
    what another page of the moderator's shows is left to that one. Then comes what a lead has
    assigned to the moderator, in a limited queue that holds something what is to measure him or
    her, and to a lead what colleagues have asked; then, from the queue of everything and with the
    probability REVIEW_EXPLORATION, one by lot; then the highest rank, of the families that the moderator is
    strong in before others, and of another near-duplicate group once MOST_IN_A_ROW of one have been
    served. Blind items (audits, second opinions and others) come through any filter as often as
    without one: none is a way round them, and a blind card there tells nothing. None is handed out
    that the moderator skipped, that checks his or her own answer, or anybody's while he or she is
    demoted, that is an appeal about a product he or she has decided, to whose product he or she is
    a party, that is assigned to somebody else, or that is outside the families the moderator is
    limited to. How it was served and how likely that was is stored with the item. `only_demo`
    leaves everything but demo products alone. `draw`: uniform in [0, 1). Never waits for a
    colleague's claim. Raises TooManyHeld at MOST_HELD items.
    """
    claims = _claims_of(moderator)
    held = [one for one in claims if one.until > now]
    here = [one.item for one in held if one.page in (None, page) and one.item not in have]
    own_id = _first_of(here, moderator, now, queue, only_demo=only_demo) if here else None
    if own_id is not None and renew(moderator, [own_id], now, page) == [own_id]:
        return own_id
    if len(held) >= rules.MOST_HELD:
        raise TooManyHeld(len(held))
    skills = skills_of(moderator=moderator)
    ask = Ask(moderator, now, queue, page, only_demo, draw, skills)
    return _claim_free(ask, [one.group for one in claims])


class _Claim(NamedTuple):
    """A claim of the moderator's that nobody has taken over, run out or not."""

    item: int
    page: UUID | None
    until: datetime
    group: int | None


def _claims_of(moderator: User) -> list[_Claim]:
    rows = held_by(moderator).exclude(served_by=ServedBy.BULK)
    columns = ("pk", "claim_page", "claim_expires_at", "group_key")
    return [_Claim(*row) for row in rows.values_list(*columns)]


def _first_of(
    items: list[int], moderator: User, now: datetime, queue: ReviewQueue, *, only_demo: bool
) -> int | None:
    held = ReviewItem.objects.filter(pk__in=items)
    own = held_in_queue(held, queue, moderator=moderator, now=now).order_by("-rank", "id")
    if only_demo:
        own = own.filter(product__is_demo=True)
    return own.values_list("pk", flat=True).first()


def _claim_free(ask: Ask, groups_held: list[int | None]) -> int | None:
    values = ask.values() | {"served_by": ServedBy.RANK.value, "probability": 1.0}
    with connection.cursor() as cursor:
        first = _claim_first(cursor, values, ask)
        if first is not None:
            return first
        share, start = ask.share, ask.draw()
        waiting = _waiting(cursor, values, start) if share else 1.0
        if share and ask.draw() < share:
            by_lot = _claim_by_lot(cursor, values, start, share, waiting)
            if by_lot is not None:
                return by_lot
        blind = _next_blind(cursor, values) if ask.is_steered else 0.0
        chance = partial(queues.serving_probability, ServedBy.RANK, share, waiting)
        if blind and ask.draw() < blind:
            found = _claim_blind(cursor, values | {"probability": chance(of_rank=blind)}, ask)
            if found is not None:
                return found
        values["probability"] = chance(of_rank=1.0 - blind)
        if ask.queue.is_assigned:  # whatever the moderator is limited to
            return _claim(cursor, values, [_AS_ASKED, *ask.limits()], ask.order)
        return _claim_by_rank(cursor, values, ask, groups_held)


def _claim_first(cursor: Any, values: dict[str, Any], ask: Ask) -> int | None:
    """Claim what is this moderator's before all else: assigned, to measure him or her, asked.

    What is to measure comes as long as a filter holds anything: alone it would be known as that.
    In the queue of what is assigned it and other blind items are mixed in first."""
    cursor.execute(_IS_ANY_OWN, values)
    is_assigned, is_meant = cursor.fetchone()
    limits, found = ask.limits(), None
    if is_assigned and not ask.queue.is_assigned:
        found = _claim(cursor, values, [_AS_ASKED, *limits, OWN], ask.order)
    if found is None and is_meant and (ask.is_limited or ask.is_steered):
        demo = [OF_DEMO] if ask.only_demo else []
        meant = [_AS_ASKED, MEANT_FOR, *demo, _holds_some(ask)]
        found = _claim(cursor, values, meant, ask.order)
    if found is None and ask.is_lead:
        found = _claim(cursor, values, [_ESCALATED, *limits, *ask.bounds()], ask.order)
    return found


def _next_blind(cursor: Any, values: dict[str, Any]) -> float:
    cursor.execute(_NEXT_BLIND.format(free=FREE), values)
    return float(cursor.fetchone()[0])


def _claim_blind(cursor: Any, values: dict[str, Any], ask: Ask) -> int | None:
    """Claim the next blind item of the common queue, as long as the one asked for holds any."""
    limits = [_UNESCALATED, BLIND, *ask.bounds(), _holds_some(ask)]
    return _claim(cursor, values, limits, BY_RANK)


def _holds_some(ask: Ask) -> str:
    bounds = [] if ask.queue.is_assigned else ask.bounds()
    if ask.queue.is_everything and not bounds:
        return "TRUE"
    within = " AND ".join([FREE, _UNESCALATED, *ask.limits(), *bounds])
    return _QUEUE_HOLDS_SOME.format(within=within, may_have=MAY_HAVE, order=ask.order)


def _claim_by_lot(
    cursor: Any, values: dict[str, Any], start: float, share: float, waiting: float
) -> int | None:
    drawn = values | {
        "served_by": ServedBy.RANDOM.value,
        "probability": queues.serving_probability(ServedBy.RANDOM, share, waiting),
        "start": start,
    }
    above = _claim(cursor, drawn, [_UNESCALATED, "item.draw >= %(start)s"], _BY_LOT)
    return above or _claim(cursor, drawn, [_UNESCALATED, "item.draw < %(start)s"], _BY_LOT)


def _claim_by_rank(
    cursor: Any, values: dict[str, Any], ask: Ask, groups_held: list[int | None]
) -> int | None:
    group = queues.group_to_leave(groups_held + _groups_answered(ask.moderator))
    limits = [_UNESCALATED, *ask.limits()]
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


def _groups_answered(moderator: User) -> list[int | None]:
    """Return the near-duplicate groups of what the moderator answered last, newest first."""
    answered = Decision.objects.filter(moderator=moderator, is_bulk=False).order_by("-decided_at")
    return list(answered.values_list("item__group_key", flat=True)[: queues.MOST_IN_A_ROW])


def _waiting(cursor: Any, values: dict[str, Any], start: float) -> float:
    cursor.execute(_DRAWS.format(free=FREE), values | {"start": start, "most": _MOST_DRAWS})
    return queues.waiting_estimate([row[0] for row in cursor.fetchall()], start, _MOST_DRAWS)


def _claim(
    cursor: Any, values: dict[str, Any], limits: list[str], order: str, *, by_family: bool = False
) -> int | None:
    is_of_one = OF_FAMILY in limits
    family = [OF_SKILLS if is_of_one else OF_CHOSEN] if by_family else []
    within = " AND ".join([FREE, *limits, *family])
    free = _FIRST.format(within=within, may_have=MAY_HAVE, order=order)
    if by_family and not is_of_one:
        free = _FIRST_OF_FAMILIES.format(first=free)
    cursor.execute(_CLAIM.format(free=free), values)
    row = cursor.fetchone()
    return row[0] if row else None
