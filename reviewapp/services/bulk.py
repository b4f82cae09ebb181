"""Bulk review: near duplicates that FUSION puts into one category, settled with one look.

Every product keeps its own item, lease, decision, label and undo; only the look is shared.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from reviewapp.choices import ReviewStatus, ServedBy
from reviewapp.models import Category, Decision, ReviewItem, User
from reviewapp.models.review import IN_BULK
from reviewapp.selectors.review.bulk import within_reach
from reviewapp.selectors.review.free import is_held
from reviewapp.services import decisions
from reviewapp.services.decisions import (
    CategoryRetired,
    ClaimLost,
    ConflictOfInterest,
    KeyReused,
    NotInBulk,
    ProductChanged,
    UndoRefused,
)
from reviewapp.services.review import lease_end

# MATERIALIZED: chosen and locked once. A person picked the grid: no lot says how likely that was.
_CLAIM = """
WITH chosen (id) AS MATERIALIZED ({chosen})
UPDATE reviewapp_reviewitem AS item
SET status = 'claimed', claimed_by_id = %s, claim_expires_at = %s, claim_page = NULL,
    first_seen_at = coalesce(item.first_seen_at, %s), served_by = %s, serving_probability = NULL
FROM chosen WHERE item.id = chosen.id
"""


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """One tile of the grid: its item, the key of its decision, and the input that was seen."""

    item_id: int
    client_key: UUID
    seen_digest: str


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """decisions: taken, also by an earlier call; refused: with the reason, by item id."""

    decisions: list[Decision]
    refused: dict[int, Exception]


def most_in_grid() -> int:
    """Return how many tiles a grid has at most: as many as one can take back."""
    return settings.REVIEW_UNDO_LIMIT


@transaction.atomic
def claim_group(*, moderator: User, group_key: int, category: Category, now: datetime) -> int:
    """Lease to `moderator` what may be settled in a grid of the group that FUSION puts into
    `category`, most urgent first, `most_in_grid` with what is held already; return how many more.

    One statement; what colleagues hold, or are about to hold, is left with them. What another tab
    of the moderator's shows of the grid is the next page's that opens it.
    """
    here = Q(group_key=group_key, suggested=category)
    held = ReviewItem.objects.filter(
        here, claimed_by=moderator, status=ReviewStatus.CLAIMED, served_by=ServedBy.BULK
    )
    held.update(claim_page=None)
    room = most_in_grid() - held.filter(is_held(now)).count()
    if room <= 0:
        return 0
    free = within_reach(ReviewItem.objects.filter(IN_BULK, here), moderator=moderator, now=now)
    locked = free.order_by("-rank", "id").select_for_update(skip_locked=True, of=("self",))
    chosen, values = locked.values("pk")[:room].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM.format(chosen=chosen),
            [*values, moderator.pk, lease_end(now), now, ServedBy.BULK.value],
        )
        return int(cursor.rowcount)


def decide_bulk(
    *,
    moderator: User,
    category: Category,
    answers: Sequence[BulkAnswer],
    seconds: float | None,
    now: datetime,
) -> BulkOutcome:
    """Put each item's product into `category`, each in a transaction of its own.

    One that cannot be taken hinders no other. seconds: of the look at all of them. Repeating the
    call with the same keys changes nothing and returns the same decisions.
    """
    outcome = BulkOutcome([], {})
    for answer in answers:
        try:
            decision = decisions.decide(
                item_id=answer.item_id,
                moderator=moderator,
                category=category,
                client_key=answer.client_key,
                seen_digest=answer.seen_digest,
                seconds=seconds and seconds / len(answers),
                is_bulk=True,
                now=now,
            )
        except (
            CategoryRetired,
            ClaimLost,
            ConflictOfInterest,
            KeyReused,
            NotInBulk,
            ProductChanged,
            ReviewItem.DoesNotExist,
        ) as refusal:
            outcome.refused[answer.item_id] = refusal
        else:
            outcome.decisions.append(decision)
    return outcome


def leave_out(*, moderator: User, item_ids: Collection[int]) -> int:
    """Give items of a grid back to the queue, to be looked at one by one; return how many."""
    held = ReviewItem.objects.filter(
        pk__in=item_ids, claimed_by=moderator, status=ReviewStatus.CLAIMED, served_by=ServedBy.BULK
    )
    return held.update(
        status=ReviewStatus.PENDING, claimed_by=None, claim_expires_at=None, served_by=""
    )


def undo_bulk(*, moderator: User, keys: dict[UUID, UUID], now: datetime) -> int:
    """Take back the moderator's decisions, by client key; return how many are taken back.

    keys: the key of each undo, by that of its decision. One that stands for a reason stays.
    """
    targets = Decision.objects.filter(client_key__in=keys, moderator=moderator).order_by("-id")
    undone = 0
    for target in targets:
        try:
            decisions.undo(
                decision_id=target.pk,
                moderator=moderator,
                client_key=keys[target.client_key],
                now=now,
            )
        except (KeyReused, UndoRefused):
            continue
        undone += 1
    return undone
