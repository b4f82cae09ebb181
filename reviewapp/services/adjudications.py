"""A lead's word on what people answered differently, and taking it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from reviewapp.choices import (
    AdjudicationCause,
    DisagreementKind,
    KnownAnswerEnd,
    KnownAnswerSource,
    ProductStatus,
    ReviewStatus,
)
from reviewapp.domain.checks import is_dispute_upheld, is_fair_question, reasons_of_word
from reviewapp.domain.review import UndoFacts, undo_refusal, verdict_of
from reviewapp.models import (
    Adjudication,
    Category,
    Decision,
    Disagreement,
    KnownAnswer,
    Product,
    ReviewItem,
    User,
)
from reviewapp.selectors.checks.disagreements import may_adjudicate
from reviewapp.services import checks
from reviewapp.services.appeals import answer_appeal, reopen_appeal
from reviewapp.services.comparisons import withdraw_comparisons
from reviewapp.services.decisions.case import Case, fusion_answer, snapshot, standing_decisions
from reviewapp.services.decisions.refusals import (
    CategoryRetired,
    KeyReused,
    ProductChanged,
    UndoRefused,
)
from reviewapp.services.decisions.undo import restore_product, write_undo
from reviewapp.services.feedback import record_label, retract
from reviewapp.services.listing import list_product
from reviewapp.services.reports import close_reports, reopen_reports


@dataclass(eq=False)
class NotImpartial(Exception):
    """One of the two answers is this person's own, or he or she is a party to the product or no lead."""


@dataclass(eq=False)
class AlreadyClosed(Exception):
    """Another lead has decided, or one of the answers was taken back."""

    disagreement: Disagreement


@dataclass(frozen=True, slots=True)
class Word:
    """What a lead says: the category, why people differed, and a comment for them."""

    category: Category
    cause: AdjudicationCause
    comment: str = ""


@transaction.atomic
def adjudicate(
    *,
    disagreement_id: int,
    lead: User,
    word: Word,
    client_key: UUID,
    now: datetime,
    seen_digest: str = "",
) -> Adjudication:
    """Decide a disagreement: in one transaction the lead's Decision with its label, the listing,
    the answers to open reports and an appeal, and the end of the disagreement and of the product's
    open item, if it has one.

    A product that was a fair question becomes a known answer; a disputed one that falls is retired.
    Idempotent by `client_key`. Locks product, item, disagreement.
    Raises Disagreement.DoesNotExist, NotImpartial, AlreadyClosed, ProductChanged, CategoryRetired,
    KeyReused.
    """
    case, disagreement = _lock(disagreement_id, now)
    earlier = _earlier(client_key, disagreement, lead)
    if earlier is not None:
        return earlier
    if not may_adjudicate(disagreement=disagreement, lead=lead):
        raise NotImpartial
    if disagreement.closed_at is not None:
        raise AlreadyClosed(disagreement)
    if seen_digest and seen_digest != case.product.input_digest:
        raise ProductChanged(case.item)
    if not word.category.is_active:
        raise CategoryRetired(word.category.code)
    decision = _write_decision(case, disagreement, lead, word, client_key, now)
    _put_into(case.product, decision, disagreement, word.category, now)
    _settle_known_answers(case.product, decision, disagreement, word, now)
    disagreement.closed_at = now
    disagreement.save(update_fields=["closed_at"])
    return Adjudication.objects.create(
        disagreement=disagreement,
        decision=decision,
        cause=word.cause,
        comment=word.comment,
        adjudicated_at=now,
    )


@transaction.atomic
def undo_adjudication(
    *, adjudication_id: int, lead: User, client_key: UUID, now: datetime
) -> Decision:
    """Take a lead's own word back with everything it caused; the disagreement is open again.

    Idempotent by `client_key`. Raises Adjudication.DoesNotExist, KeyReused, UndoRefused.
    """
    row = Adjudication.objects.select_related("decision").get(pk=adjudication_id)
    case, disagreement = _lock(row.disagreement_id, now)
    row.refresh_from_db(fields=["undone_at"])
    earlier = Decision.objects.filter(client_key=client_key).first()
    if earlier is not None:
        if earlier.undoes_id != row.decision_id:
            raise KeyReused(str(client_key))
        return earlier
    refusal = undo_refusal(_facts(case, row, lead))
    if refusal is not None:
        raise UndoRefused(refusal)
    record = write_undo(case, row.decision, lead, client_key, now)
    restore_id = row.decision.before["label_id"]
    retract(product=case.product, undo=record, restore_id=restore_id, now=now)
    reopen_reports(decision=row.decision, now=now)
    reopen_appeal(decision=row.decision)
    restore_product(case.product, row.decision.before["product"])
    _restore_known_answers(row.decision, disagreement, now)
    _reopen(row.decision)
    row.undone_at, disagreement.closed_at = now, None
    row.save(update_fields=["undone_at"])
    disagreement.save(update_fields=["closed_at"])
    return record


def _lock(disagreement_id: int, now: datetime) -> tuple[Case, Disagreement]:
    """Lock product, item and disagreement. The item is the open one, or else the second answer's."""
    locked = Product.objects.select_for_update(no_key=True, of=("self",))
    product = locked.filter(disagreements=disagreement_id).first()
    if product is None:
        raise Disagreement.DoesNotExist(f"There is no disagreement {disagreement_id}.")
    disagreement = (
        Disagreement.objects.select_for_update(no_key=True, of=("self",))
        .select_related("first__item__route", "second__item__route", "known_answer")
        .get(pk=disagreement_id)
    )
    if disagreement.closed_at is None:
        # A check has nothing to compare with any more, whatever the lead says.
        checks.withdraw_checks_on(product=product, now=now)
    open_item = (
        ReviewItem.objects.select_for_update(no_key=True, of=("self",))
        .filter(product=product)
        .exclude(status=ReviewStatus.RESOLVED)
        .first()
    )
    return Case(product, open_item or disagreement.second.item, None), disagreement


def _earlier(client_key: UUID, disagreement: Disagreement, lead: User) -> Adjudication | None:
    """The same word, when it has been given before under this key."""
    decision = Decision.objects.filter(client_key=client_key).first()
    if decision is None:
        return None
    row = Adjudication.objects.filter(decision=decision, disagreement=disagreement).first()
    if row is None or decision.moderator_id != lead.pk:
        raise KeyReused(str(client_key))
    return row


def _write_decision(
    case: Case,
    disagreement: Disagreement,
    lead: User,
    word: Word,
    client_key: UUID,
    now: datetime,
) -> Decision:
    fusion = fusion_answer(case.product)
    is_open = case.item.status != ReviewStatus.RESOLVED
    decision = Decision.objects.create(
        item=case.item,
        product=case.product,
        moderator=lead,
        client_key=client_key,
        verdict=verdict_of(word.category.pk, fusion.category_id if fusion else None),
        category=word.category,
        suggested_category_id=fusion.category_id if fusion else None,
        model_version_id=fusion.model_version_id if fusion else None,
        # As if the first answer had been this one: the label keeps why the product was looked at.
        reasons=reasons_of_word(disagreement.first.reasons),
        comment=word.comment,
        before=snapshot(case) | {"is_open": is_open},
        decided_at=now,
    )
    if is_open:
        ReviewItem.objects.filter(pk=case.item.pk).update(
            status=ReviewStatus.RESOLVED, resolved_at=now, claimed_by=None, claim_expires_at=None
        )
    return decision


def _put_into(
    product: Product,
    decision: Decision,
    disagreement: Disagreement,
    category: Category,
    now: datetime,
) -> None:
    route = disagreement.first.item.route
    record_label(product=product, decision=decision, category=category, route=route, now=now)
    list_product(product=product, category=category, now=now)
    close_reports(product=product, decision=decision, now=now)
    answer_appeal(product=product, decision=decision, now=now)


def _settle_known_answers(
    product: Product, decision: Decision, disagreement: Disagreement, word: Word, now: datetime
) -> None:
    known = disagreement.known_answer
    if known is not None:
        is_same = known.category_id == word.category.pk
        if not is_dispute_upheld(word.cause, is_same_category=is_same):
            return
        because = KnownAnswerEnd.DISPUTE_UPHELD
        checks.retire_known_answer(product=product, because=because, now=now)
        # Retired for another cause before, it is still the one that the dispute was about.
        KnownAnswer.objects.filter(pk=known.pk).update(retired_because=because)
        withdraw_comparisons(known=known, now=now)
    if is_fair_question(word.cause):
        source = KnownAnswerSource.ADJUDICATED
        checks.add_known_answer(product=product, decision=decision, source=source, now=now)


def _facts(case: Case, row: Adjudication, lead: User) -> UndoFacts:
    newest = standing_decisions(case.product).values_list("pk", flat=True).first()
    product = case.product
    is_unchanged = (product.status, product.category_id) == (
        ProductStatus.LISTED,
        row.decision.category_id,
    )
    return UndoFacts(
        is_own=row.decision.moderator_id == lead.pk,
        is_recent=True,
        has_newer_decision=newest != row.decision_id,
        has_newer_item=case.item.status != ReviewStatus.RESOLVED,
        is_case_closed=row.undone_at is not None,
        is_with_colleague=False,
        is_listing_unchanged=is_unchanged,
    )


def _restore_known_answers(target: Decision, disagreement: Disagreement, now: datetime) -> None:
    KnownAnswer.objects.filter(decision=target, retired_at=None).update(
        retired_at=now, retired_because=KnownAnswerEnd.UNDONE
    )
    known = disagreement.known_answer
    if disagreement.kind == DisagreementKind.DISPUTE and known is not None:
        KnownAnswer.objects.filter(
            pk=known.pk, retired_at=target.decided_at, retired_because=KnownAnswerEnd.DISPUTE_UPHELD
        ).update(retired_at=None, retired_because="")


def _reopen(target: Decision) -> None:
    """Give the item that the word had answered back to the queue."""
    if not target.before["is_open"]:
        return
    before: dict[str, Any] = target.before["item"]
    ReviewItem.objects.filter(pk=target.item_id).update(
        status=ReviewStatus.PENDING, resolved_at=None, priority=before["priority"]
    )
