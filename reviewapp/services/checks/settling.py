"""What an answer to a check settles: agreement, or a disagreement for a lead."""

from datetime import datetime
from typing import Any

from reviewapp.choices import DisagreementKind, KnownAnswerEnd, ReviewReason
from reviewapp.models import Decision, Disagreement, FeedbackLabel, KnownAnswer, Product, ReviewItem
from reviewapp.services.checks.disputes import doubt_known_answer
from reviewapp.services.checks.known_answers import (
    known_answer_if_unanimous,
    retire_known_answer,
)
from reviewapp.services.feedback import suspend


def is_check(item: ReviewItem) -> bool:
    """Say whether an answer to `item` is compared, and changes neither label nor listing.

    What was passed on to a lead is the lead's to decide, whatever it was before.
    """
    return item.escalated_at is None and bool(item.checks_id or item.known_answer_id)


def release_stale(*, item: ReviewItem, product: Product, now: datetime) -> None:
    """Make a check ordinary when what it would compare with no longer holds.

    The product was edited, or its label has ended, since the check was opened: then there is
    nothing to compare, and the answer counts as any other. The item is saved.
    """
    if item.known_answer is not None and item.known_answer.input_digest != product.input_digest:
        retire_known_answer(product=product, because=KnownAnswerEnd.CHANGED, now=now)
        item.known_answer = item.only_for = None
    elif item.checks is not None and not _stands(item.checks, product):
        item.checks = item.not_for = None
    else:
        return
    item.save(update_fields=["known_answer", "only_for", "checks", "not_for"])


def pass_on(*, item: ReviewItem) -> None:
    """Make of a known answer that is passed on to a lead an ordinary check of what settled it."""
    known = item.known_answer
    if known is None:
        return
    item.checks, item.not_for = known.decision, known.decision.moderator
    item.reasons = [ReviewReason.SECOND_OPINION]
    item.known_answer = item.only_for = None
    item.save(update_fields=["checks", "not_for", "reasons", "known_answer", "only_for"])


def undo_pass_on(*, item: ReviewItem, before: dict[str, Any]) -> None:
    """Make `item` the known answer again that it was in the snapshot `before` it was passed on.

    Nothing happens when it was none, when that is no longer in use, or when something has joined
    the item since. The item is not saved.
    """
    in_use = KnownAnswer.objects.filter(retired_at=None)
    known = in_use.filter(pk=before.get("known_answer_id") or 0).first()
    is_as_left = item.reasons == [ReviewReason.SECOND_OPINION]
    if known is None or not is_as_left or item.checks_id != known.decision_id:
        return
    item.checks = item.not_for = None
    item.known_answer, item.only_for_id = known, before["only_for_id"]
    item.reasons = before["reasons"]


def settle_check(*, item: ReviewItem, product: Product, decision: Decision, now: datetime) -> None:
    """Compare the answer to a check. A known answer is measured later, and changes nothing.

    Two equal answers, both blind, make a known answer. Two different ones are kept as a
    Disagreement: the first one's label ends, and is no truth until a lead has decided; the
    listing stays meanwhile. A known answer that careful people miss goes to a lead by itself.
    """
    if item.known_answer is not None:
        doubt_known_answer(known=item.known_answer, decision=decision, now=now)
        return
    first = item.checks
    if first is None:
        return
    if decision.category_id == first.category_id:
        known_answer_if_unanimous(product=product, first=first, second=decision, now=now)
        return
    retire_known_answer(product=product, because=KnownAnswerEnd.CHANGED, now=now)
    if Disagreement.objects.filter(product=product, closed_at=None).exists():
        return  # a lead looks at this product already
    Disagreement.objects.create(
        product=product,
        kind=DisagreementKind.SECOND_OPINION,
        first=first,
        second=decision,
        opened_at=now,
    )
    suspend(product=product, now=now)


def _stands(first: Decision, product: Product) -> bool:
    live = FeedbackLabel.objects.filter(product=product, ended_at=None).first()
    return (
        live is not None
        and live.category_id == first.category_id
        and live.input_digest == product.input_digest
    )
