"""Sellers' appeals: filed, answered by somebody else, and opened again by an undo."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from reviewapp.choices import AppealStatus, ReviewReason, ReviewStatus
from reviewapp.domain import priority
from reviewapp.domain.appeals import AppealRefusal, outcome_of
from reviewapp.models import Appeal, Category, Decision, Product, ReviewItem, User
from reviewapp.selectors.appeals import answers_to, contestable, somebody_may_answer
from reviewapp.selectors.interests import parties_to
from reviewapp.services import review


@dataclass(eq=False)
class AppealRefused(Exception):
    """The appeal is not taken; nothing has been written."""

    refusal: AppealRefusal

    def __str__(self) -> str:
        return self.refusal.sentence


@transaction.atomic
def submit_appeal(
    *,
    product_id: int,
    seller: User,
    comment: str,
    wished_category: Category | None,
    now: datetime,
) -> Appeal:
    """Contest what put the seller's product where it is, or took it down, and open its review item.

    Locks the product, then the item. Whoever has decided the product or is a party to it is not
    handed the item; one that such a person holds is taken back. Where no other moderator is left,
    it goes to the leads. Raises Product.DoesNotExist for a product that is not the seller's, and
    AppealRefused.
    """
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id, seller=seller)
    found = contestable(product=product, now=now)
    if found.refusal is not None:
        raise AppealRefused(found.refusal)
    taken = found.take_down
    contested = taken.category if taken else product.category
    if contested is None:
        raise AppealRefused(AppealRefusal.NOT_LISTED)
    if wished_category == contested:
        if taken is None:
            raise AppealRefused(AppealRefusal.SAME_CATEGORY)
        wished_category = None  # to have it back is what the appeal is about
    appeal = Appeal.objects.create(
        product=product,
        seller=seller,
        **found.subject,
        contested_category=contested,
        wished_category=wished_category,
        comment=comment,
        created_at=now,
    )
    _open_appealed(product, now)
    return appeal


def answer_appeal(*, product: Product, decision: Decision, now: datetime) -> None:
    """Answer the product's open appeal by `decision`, in its transaction, the product locked.

    A blind answer may uphold it, but not dismiss it as long as somebody else is there to read it.
    """
    appeal = Appeal.objects.filter(product=product, status=AppealStatus.OPEN).first()
    if appeal is None or decision.category_id is None:
        return
    outcome = outcome_of(
        appeal.contested_category_id,
        decision.category_id,
        is_take_down=appeal.take_down_id is not None,
    )
    is_unread = decision.is_blind and outcome == AppealStatus.DISMISSED
    if is_unread and _has_reader(product):
        return
    appeal.status = outcome
    appeal.answer = decision
    appeal.resolved_at = now
    appeal.save(update_fields=["status", "answer", "resolved_at"])


def hand_on_unread_appeal(*, product: Product, now: datetime) -> None:
    """Have the appeal that a blind answer has left open read by somebody else, in the transaction
    of the answer: the audit has measured without it, and the seller is owed a reader."""
    if Appeal.objects.filter(product=product, status=AppealStatus.OPEN).exists():
        _open_appealed(product, now)


def reopen_appeal(*, decision: Decision) -> None:
    """Open again what `decision` answered, in the transaction of its undo."""
    Appeal.objects.filter(answer=decision).update(
        status=AppealStatus.OPEN, answer=None, resolved_at=None
    )


def _open_appealed(product: Product, now: datetime) -> None:
    item = review.open_item(
        product=product, reasons=[ReviewReason.SELLER_APPEAL], priority=priority.APPEALED, now=now
    )
    _keep_from_the_barred(item, product, now)


def _barred(product: Product) -> set[int]:
    deciders = set(answers_to(product).values_list("moderator_id", flat=True))
    return deciders | parties_to(product)


def _has_reader(product: Product) -> bool:
    barred = _barred(product)
    return any(somebody_may_answer(barred=barred, only_leads=leads) for leads in (False, True))


def _keep_from_the_barred(item: ReviewItem, product: Product, now: datetime) -> None:
    barred = _barred(product)
    if item.claimed_by_id in barred:
        item.status, item.claimed_by, item.claim_expires_at = ReviewStatus.PENDING, None, None
    if item.assigned_to_id in barred:
        item.assigned_to, item.assigned_until = None, None
    has_other = somebody_may_answer(barred=barred, only_leads=False)
    if not has_other and somebody_may_answer(barred=barred, only_leads=True):
        item.escalated_at = item.escalated_at or now
        item.priority = max(item.priority, priority.ESCALATED)
    item.save()
