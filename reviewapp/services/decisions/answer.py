"""Decide, skip and escalate a claimed item."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from reviewapp.choices import KnownAnswerEnd, ReviewStatus, SkipReason, Verdict
from reviewapp.domain import priority
from reviewapp.domain.review import may_bulk, verdict_of
from reviewapp.models import Category, Decision, ReviewItem, User
from reviewapp.services import checks
from reviewapp.services.appeals import answer_appeal, hand_on_unread_appeal
from reviewapp.services.decisions.case import (
    Answer,
    Case,
    fusion_answer,
    lock_case,
    require_claim,
    require_no_interest,
    write_decision,
)
from reviewapp.services.decisions.refusals import (
    CategoryRetired,
    KeyReused,
    NotInBulk,
    ProductChanged,
)
from reviewapp.services.feedback import record_label
from reviewapp.services.listing import list_product
from reviewapp.services.reports import close_reports


@transaction.atomic
def decide(
    *,
    item_id: int,
    moderator: User,
    category: Category,
    client_key: UUID,
    now: datetime,
    seconds: float | None = None,
    seen_digest: str = "",
    is_bulk: bool = False,
    comment: str = "",
) -> Decision:
    """Put the item's product into `category`: in one transaction the decision, its feedback
    label, the listing, the answers to open reports and to an appeal, and the end of the item.

    Whether that confirms or corrects FUSION is worked out here. Repeating the call with the same
    `client_key` returns the first outcome, also long after. `seen_digest` is the product's
    input digest on the moderator's screen; empty skips that check. `seconds`: from card to answer.
    `comment`: for whoever had asked. `is_bulk`: given in a grid of near duplicates, which some
    items are kept out of. An answer to a check changes neither label nor listing: it is compared
    (`services.checks`). Some decisions are drawn to be checked themselves.
    Raises ReviewItem.DoesNotExist, ClaimLost, ConflictOfInterest, ProductChanged, CategoryRetired,
    KeyReused, NotInBulk.
    """
    answer = Answer(item_id, moderator, client_key, now, seconds)
    case = lock_case(answer)
    if case.earlier is not None:
        return _same_kind(case.earlier, {Verdict.CONFIRMED, Verdict.CORRECTED})
    require_claim(case, answer)
    require_no_interest(case, answer)
    if seen_digest and seen_digest != case.product.input_digest:
        raise ProductChanged(case.item)
    if not category.is_active:
        raise CategoryRetired(category.code)
    if is_bulk and not _may_bulk(case.item):
        raise NotInBulk(case.item)
    checks.release_stale(item=case.item, product=case.product, now=now)
    fusion = fusion_answer(case.product)
    verdict = verdict_of(category.pk, fusion.category_id if fusion else None)
    given = {"category": category, "comment": comment, "is_bulk": is_bulk}
    decision = write_decision(case, answer, fusion, verdict, **given)
    if checks.is_check(case.item):
        checks.settle_check(item=case.item, product=case.product, decision=decision, now=now)
    else:
        _put_into(category, case, decision, now)
    _resolve(case.item, now)
    if not checks.is_check(case.item):
        _have_others_look(case, decision, now)
    checks.draw_known_answer(decision=decision)
    return decision


def _put_into(category: Category, case: Case, decision: Decision, now: datetime) -> None:
    product = case.product
    record_label(
        product=product, decision=decision, category=category, route=case.item.route, now=now
    )
    list_product(product=product, category=category, now=now)
    if case.is_reported:
        close_reports(product=product, decision=decision, now=now)
    if case.is_appealed:
        answer_appeal(product=product, decision=decision, now=now)
    checks.retire_known_answer(
        product=product, because=KnownAnswerEnd.CHANGED, now=now, unless=category.pk
    )


def _have_others_look(case: Case, decision: Decision, now: datetime) -> None:
    checks.open_second_opinion(decision=decision, product=case.product, now=now)
    if case.is_appealed:
        hand_on_unread_appeal(product=case.product, now=now)


@transaction.atomic
def skip(
    *,
    item_id: int,
    moderator: User,
    reason: SkipReason,
    client_key: UUID,
    now: datetime,
    seconds: float | None = None,
) -> Decision:
    """Give the item back for colleagues; this moderator is not handed it again.

    Idempotent by `client_key`. Raises ReviewItem.DoesNotExist, ClaimLost, KeyReused.
    """
    answer = Answer(item_id, moderator, client_key, now, seconds)
    case = lock_case(answer)
    if case.earlier is not None:
        return _same_kind(case.earlier, {Verdict.SKIPPED})
    require_claim(case, answer)
    fusion = fusion_answer(case.product)
    decision = write_decision(case, answer, fusion, Verdict.SKIPPED, skip_reason=reason)
    _give_back(case, moderator)
    return decision


@transaction.atomic
def escalate(
    *,
    item_id: int,
    moderator: User,
    comment: str,
    client_key: UUID,
    now: datetime,
    seconds: float | None = None,
) -> Decision:
    """Ask a lead: the item goes on top of the queue, for people who may `lead_review` only.

    Idempotent by `client_key`. Raises ReviewItem.DoesNotExist, ClaimLost, KeyReused.
    """
    answer = Answer(item_id, moderator, client_key, now, seconds)
    case = lock_case(answer)
    if case.earlier is not None:
        return _same_kind(case.earlier, {Verdict.ESCALATED})
    require_claim(case, answer)
    fusion = fusion_answer(case.product)
    decision = write_decision(case, answer, fusion, Verdict.ESCALATED, comment=comment)
    checks.pass_on(item=case.item)
    case.item.escalated_at = now
    case.item.priority = max(case.item.priority, priority.ESCALATED)
    _give_back(case, moderator)
    return decision


def _may_bulk(item: ReviewItem) -> bool:
    return may_bulk(
        item.reasons,
        is_blind=item.is_blind,
        is_escalated=item.escalated_at is not None,
        is_check=item.not_for_id is not None,
    )


def _same_kind(earlier: Decision, verdicts: set[Verdict]) -> Decision:
    if earlier.verdict not in verdicts:
        raise KeyReused(str(earlier.client_key))
    return earlier


def _resolve(item: ReviewItem, now: datetime) -> None:
    item.status = ReviewStatus.RESOLVED
    item.claimed_by = None
    item.claim_expires_at = None
    item.resolved_at = now
    item.save(update_fields=["status", "claimed_by", "claim_expires_at", "resolved_at"])


def _give_back(case: Case, moderator: User) -> None:
    item = case.item
    item.status = ReviewStatus.PENDING
    item.claimed_by = None
    item.claim_expires_at = None
    item.save(
        update_fields=["status", "claimed_by", "claim_expires_at", "escalated_at", "priority"]
    )
    item.skipped_by.add(moderator)
