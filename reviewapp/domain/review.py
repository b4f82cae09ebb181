"""Rules of the review desk: who holds an item, what an answer means, what may be undone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from reviewapp.choices import ReviewReason, ReviewStatus, Verdict

# The item on the screen, two more that are loaded ahead, and two decisions on their way.
MOST_HELD = 5
# A page that is left gives its items back after this pause, so that a reload keeps them.
LEAVE_GRACE = timedelta(seconds=10)


class Hold(Enum):
    """How an item stands to one moderator."""

    MINE = "mine"
    LAPSED = "lapsed"  # mine until the lease ran out, and nobody has taken it since
    ANOTHERS = "anothers"
    FREE = "free"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Claim:
    """Status and lease of an item."""

    status: ReviewStatus
    holder_id: int | None
    expires_at: datetime | None


def hold(claim: Claim, moderator_id: int, now: datetime) -> Hold:
    """Tell how an item stands to `moderator_id` at `now`."""
    if claim.status == ReviewStatus.RESOLVED:
        return Hold.RESOLVED
    if claim.status == ReviewStatus.PENDING or claim.expires_at is None:
        return Hold.FREE
    is_live = claim.expires_at > now
    if claim.holder_id == moderator_id:
        return Hold.MINE if is_live else Hold.LAPSED
    return Hold.ANOTHERS if is_live else Hold.FREE


def may_answer(state: Hold) -> bool:
    """A lapsed lease still answers: a decision that waited for the network overwrites nobody."""
    return state in (Hold.MINE, Hold.LAPSED)


def verdict_of(chosen_id: int, suggested_id: int | None) -> Verdict:
    """An answer confirms FUSION's suggestion or corrects it; without a suggestion it corrects."""
    return Verdict.CONFIRMED if chosen_id == suggested_id else Verdict.CORRECTED


NOT_IN_BULK: Final = (
    ReviewReason.AUDIT,
    ReviewReason.SECOND_OPINION,
    ReviewReason.GOLD,
    ReviewReason.BUYER_REPORT,
    ReviewReason.SELLER_APPEAL,
)
"""What one look at a grid of near duplicates never settles: what somebody asked about, and what
measures people or models."""


def may_bulk(reasons: Iterable[str], *, is_blind: bool, is_escalated: bool, is_check: bool) -> bool:
    """Say whether an item may be settled in a grid. is_check: of a certain person's answer."""
    return not (is_blind or is_escalated or is_check or set(reasons) & set(NOT_IN_BULK))


def label_inclusion(route_probability: float | None) -> float:
    """Return the probability, in (0, 1], that a product like this one gets a label.

    Items without a route (a buyer asked) and routes that reviewed nobody by chance count as sure.
    """
    return route_probability if route_probability else 1.0


CHECK_LIKE: Final = frozenset({ReviewReason.AUDIT, ReviewReason.SECOND_OPINION, ReviewReason.GOLD})
"""Who knows that an answer is compared with another one answers more carefully than usual: these are
never told apart, also where a blind answer has been taken back and the models' are shown."""


def reasons_to_show(reasons: list[ReviewReason], *, is_blind: bool) -> list[ReviewReason]:
    """Return the reasons that a card tells. Of a blind one none: doubts describe the models, and
    an audit, a check and any other blind item must not be known from each other."""
    if is_blind:
        return []
    shown = [ReviewReason.AUDIT if reason in CHECK_LIKE else reason for reason in reasons]
    return list(dict.fromkeys(shown))


def reasons_to_tell(reasons: Iterable[str], *, is_lead: bool) -> list[ReviewReason]:
    """Return the reasons of a past decision as they may be told: to all but leads a known answer
    was an audit, or the history would teach what the next one looks like."""
    told = [ReviewReason(reason) for reason in reasons]
    if is_lead:
        return told
    audit, gold = ReviewReason.AUDIT, ReviewReason.GOLD
    return list(dict.fromkeys(audit if reason == gold else reason for reason in told))


class UndoRefusal(Enum):
    """Why a decision may not be undone."""

    NOT_YOURS = "not_yours"
    TOO_OLD = "too_old"
    NEWER_DECISION = "newer_decision"
    NEW_ITEM = "new_item"
    CASE_CLOSED = "case_closed"
    WITH_COLLEAGUE = "with_colleague"
    PRODUCT_CHANGED = "product_changed"


@dataclass(frozen=True, slots=True)
class UndoFacts:
    """What has happened since the decision that someone wants back."""

    is_own: bool
    is_recent: bool
    has_newer_decision: bool
    has_newer_item: bool
    is_case_closed: bool
    is_with_colleague: bool
    is_listing_unchanged: bool


def undo_refusal(facts: UndoFacts) -> UndoRefusal | None:
    """Return the first reason against the undo, or None when nothing speaks against it."""
    against = (
        (not facts.is_own, UndoRefusal.NOT_YOURS),
        (not facts.is_recent, UndoRefusal.TOO_OLD),
        (facts.has_newer_decision, UndoRefusal.NEWER_DECISION),
        (facts.has_newer_item, UndoRefusal.NEW_ITEM),
        (facts.is_case_closed, UndoRefusal.CASE_CLOSED),
        (facts.is_with_colleague, UndoRefusal.WITH_COLLEAGUE),
        (not facts.is_listing_unchanged, UndoRefusal.PRODUCT_CHANGED),
    )
    return next((refusal for applies, refusal in against if applies), None)
