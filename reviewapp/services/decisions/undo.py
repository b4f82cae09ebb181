"""Taking back an own recent decision, with everything it caused."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from reviewapp.choices import ProductStatus, ReviewStatus, ServedBy, Verdict
from reviewapp.domain.review import Hold, UndoFacts, hold, undo_refusal
from reviewapp.models import Decision, Product, ReviewItem, User
from reviewapp.selectors.interests import is_party
from reviewapp.services import checks
from reviewapp.services.appeals import reopen_appeal
from reviewapp.services.decisions.case import (
    Answer,
    Case,
    claim_of,
    lock_case,
    snapshot,
    standing_decisions,
)
from reviewapp.services.decisions.refusals import KeyReused, UndoRefused
from reviewapp.services.feedback import retract
from reviewapp.services.reports import reopen_reports
from reviewapp.services.review import lease_end

_ANSWERS = (Verdict.CONFIRMED, Verdict.CORRECTED)
_FREE = (ReviewStatus.PENDING, None, None)


@transaction.atomic
def undo(
    *,
    decision_id: int,
    moderator: User,
    client_key: UUID,
    now: datetime,
    page: UUID | None = None,
) -> Decision:
    """Withdraw one of the moderator's last decisions and hand its item back to the moderator, on
    the browser page that asks, if any; to nobody when he or she has become a party to the product.

    A new Decision records it; the label ends (the one before comes back as a new row), listing
    and item are as before, the reports and the appeal it answered are open again. Idempotent by
    `client_key`.
    Raises Decision.DoesNotExist, KeyReused, and UndoRefused when something newer stands on it.
    """
    target = Decision.objects.get(pk=decision_id)
    case = lock_case(Answer(target.item_id, moderator, client_key, now))
    if case.earlier is not None:
        if case.earlier.undoes_id != decision_id:
            raise KeyReused(str(client_key))
        return case.earlier
    refusal = undo_refusal(_facts(case, target, moderator, now))
    if refusal is not None:
        raise UndoRefused(refusal)
    record = write_undo(case, target, moderator, client_key, now)
    checks.withdraw_checks_of(decision=target, now=now)
    if _was_check(target):
        checks.take_back_check(decision=target, undo=record, now=now)
    elif target.verdict in _ANSWERS:
        retract(product=case.product, undo=record, restore_id=target.before["label_id"], now=now)
        reopen_reports(decision=target, now=now)
        reopen_appeal(decision=target)
        restore_product(case.product, target.before["product"])
    _restore_item(case.item, target)
    if is_party(person=moderator, product=case.product):
        case.item.status, case.item.claimed_by, case.item.claim_expires_at = _FREE
        if case.item.only_for_id is not None:  # nobody else could be handed it
            case.item.status, case.item.resolved_at = ReviewStatus.RESOLVED, now
    else:
        case.item.status, case.item.claimed_by = ReviewStatus.CLAIMED, moderator
        case.item.claim_expires_at, case.item.claim_page = lease_end(now), page
    case.item.save()
    case.item.skipped_by.remove(moderator)
    return record


def _facts(case: Case, target: Decision, moderator: User, now: datetime) -> UndoFacts:
    newest = standing_decisions(case.product).values_list("pk", flat=True).first()
    return UndoFacts(
        is_own=target.moderator_id == moderator.pk,
        is_recent=target.pk in undoable_ids(moderator),
        has_newer_decision=newest != target.pk,
        has_newer_item=checks.has_real_successor(decision=target),
        is_case_closed=_is_case_closed(case.item, target),
        is_with_colleague=hold(claim_of(case.item), moderator.pk, now) == Hold.ANOTHERS,
        is_listing_unchanged=_is_listing_unchanged(case.product, target),
    )


def undoable_ids(moderator: User) -> set[int]:
    """Ids of the moderator's last REVIEW_UNDO_LIMIT decisions, undone ones among them."""
    own = own_answers(moderator)
    recent = own.order_by("-decided_at", "-id")[: settings.REVIEW_UNDO_LIMIT]
    return set(recent.values_list("pk", flat=True))


def own_answers(moderator: User) -> QuerySet[Decision]:
    """What the moderator has done at the desk; an adjudication is taken back elsewhere."""
    own = Decision.objects.filter(moderator=moderator, adjudication=None)
    return own.exclude(verdict=Verdict.UNDONE)


def _was_check(target: Decision) -> bool:
    """Answers to checks are the ones that left no label."""
    return target.verdict in _ANSWERS and not hasattr(target, "label")


def _is_case_closed(item: ReviewItem, target: Decision) -> bool:
    """A skip or an escalation left the item open; once it is resolved there is nothing to return."""
    return target.verdict not in _ANSWERS and item.status == ReviewStatus.RESOLVED


def _is_listing_unchanged(product: Product, target: Decision) -> bool:
    """A skip, an escalation or a check never touched the listing; an answer must be what it left."""
    if target.verdict not in _ANSWERS or _was_check(target):
        return True
    return product.status == ProductStatus.LISTED and product.category_id == target.category_id


def write_undo(
    case: Case, target: Decision, moderator: User, client_key: UUID, now: datetime
) -> Decision:
    """Record that `moderator` takes `target` back; what it caused is undone by the caller."""
    return Decision.objects.create(
        item=case.item,
        product=case.product,
        moderator=moderator,
        client_key=client_key,
        verdict=Verdict.UNDONE,
        undoes=target,
        suggested_category_id=target.suggested_category_id,
        model_version_id=target.model_version_id,
        reasons=target.reasons,
        is_blind=target.is_blind,
        before=snapshot(case),
        decided_at=now,
    )


def restore_product(product: Product, before: dict[str, Any]) -> None:
    """Put the product back where a decision's snapshot says it was."""
    product.status = before["status"]
    product.category_id = before["category_id"]
    product.listed_at = _moment(before["listed_at"])
    product.save(update_fields=["status", "category", "listed_at", "updated_at"])


def _restore_item(item: ReviewItem, target: Decision) -> None:
    before = target.before["item"]
    if target.verdict == Verdict.ESCALATED:
        checks.undo_pass_on(item=item, before=before)
    if target.verdict in _ANSWERS:
        item.reasons, item.priority = before["reasons"], before["priority"]
        # The moderator has been shown what the models said: a second answer is no longer blind.
        item.is_blind = False
    elif item.reasons == before["reasons"]:
        # An item that stayed open keeps what a buyer's report has added since.
        item.priority = before["priority"]
    item.escalated_at = _moment(before["escalated_at"])
    item.resolved_at = None
    if item.served_by == ServedBy.BULK:
        # It comes back to the desk, by itself; what a grid holds is not handed out there.
        item.served_by = ""


def _moment(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None
