"""What an undo means for checks: those of the answer end, and what the answer settled is open."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from reviewapp.choices import DisagreementKind, KnownAnswerEnd, ReviewReason, ReviewStatus
from reviewapp.models import Decision, Disagreement, KnownAnswer, Product, Recheck, ReviewItem
from reviewapp.services.feedback import retract

# A known answer that was skipped, or whose moderator is away, gives its product back.
KEPT_FOR = timedelta(days=7)


def has_real_successor(*, decision: Decision) -> bool:
    """Say whether the product is in review again for more than a check of `decision`."""
    others = _open_items(decision).exclude(pk=decision.item_id)
    return others.exclude(pk__in=_checks_of(decision).values("pk")).exists()


def withdraw_checks_of(*, decision: Decision, now: datetime) -> int:
    """End the open checks of `decision`; return how many. Whoever holds one is told so on answering."""
    ids = list(_checks_of(decision).values_list("pk", flat=True))
    return _end(ReviewItem.objects.filter(pk__in=ids), now)


def take_back_check(*, decision: Decision, undo: Decision, now: datetime) -> None:
    """Withdraw what a check's answer settled: its disagreement, and the known answer that rests
    on it. The label that the disagreement had ended is back, tied to `undo`."""
    KnownAnswer.objects.filter(decision=decision, retired_at=None).update(
        retired_at=now, retired_because=KnownAnswerEnd.UNDONE
    )
    opened = Disagreement.objects.filter(second=decision, closed_at=None).first()
    if opened is None:
        return
    opened.closed_at = now
    opened.save(update_fields=["closed_at"])
    if opened.kind == DisagreementKind.SECOND_OPINION:
        restore_id = decision.before["label_id"]
        retract(product=decision.product, undo=undo, restore_id=restore_id, now=now)


def withdraw_forgotten(*, now: datetime) -> int:
    """End known answers that lie unanswered for KEPT_FOR; return how many."""
    lying = ReviewItem.objects.filter(
        status=ReviewStatus.PENDING, only_for__isnull=False, opened_at__lt=now - KEPT_FOR
    )
    return _end(lying, now)


def withdraw_recheck(*, recheck: Recheck, now: datetime) -> int:
    """End the open checks of `recheck` that are checks still; return how many."""
    unanswered = recheck.items.exclude(status=ReviewStatus.RESOLVED)
    return _end(unanswered.filter(checks__isnull=False, escalated_at=None), now)


def withdraw_checks_on(*, product: Product, now: datetime) -> int:
    """End the product's open checks, a lead having decided it; return how many."""
    waiting = ReviewItem.objects.filter(product=product, escalated_at=None)
    is_check = Q(checks__isnull=False) | Q(known_answer__isnull=False)
    return _end(waiting.filter(is_check).exclude(status=ReviewStatus.RESOLVED), now)


def _checks_of(decision: Decision) -> QuerySet[ReviewItem]:
    is_check = Q(checks=decision) | Q(known_answer__decision=decision)
    # An appeal that a blind answer has left to a reader: nobody need read it once that is undone.
    is_handed_on = Q(
        reasons=[ReviewReason.SELLER_APPEAL], opened_at=decision.decided_at, claimed_by=None
    )
    return _open_items(decision).filter(is_check | is_handed_on, escalated_at=None)


def _open_items(decision: Decision) -> QuerySet[ReviewItem]:
    of_product = ReviewItem.objects.filter(product=decision.product_id)
    return of_product.exclude(status=ReviewStatus.RESOLVED)


def _end(items: QuerySet[ReviewItem], now: datetime) -> int:
    return items.update(
        status=ReviewStatus.RESOLVED, resolved_at=now, claimed_by=None, claim_expires_at=None
    )
