"""Disputed known answers: by whoever missed one, or by several careful people who did."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from reviewapp.choices import DisagreementKind
from reviewapp.domain.checks import CAREFUL_MISSES, is_careful
from reviewapp.models import Decision, Disagreement, KnownAnswer, Product, User
from reviewapp.selectors.checks.known_answers import missed, missed_by, record_of


@dataclass(eq=False)
class DisputeRefused(Exception):
    """A lead looks at the product already, or the answer is no miss of this moderator."""


@transaction.atomic
def dispute(*, decision_id: int, moderator: User, now: datetime) -> Disagreement:
    """Ask a lead whether a known answer that the moderator missed is right. Repeating is harmless.

    Until the lead decides, the miss does not count and the product is no known answer for anybody.
    Raises DisputeRefused.
    """
    decision = missed(moderator=moderator).filter(pk=decision_id).first()
    if decision is None or decision.item.known_answer is None:
        raise DisputeRefused
    product = Product.objects.select_for_update(no_key=True).get(pk=decision.product_id)
    earlier = Disagreement.objects.filter(second=decision).first()
    if earlier is not None:
        return earlier
    if _is_disputed(product):
        raise DisputeRefused
    return _open(decision.item.known_answer, decision, now)


def doubt_known_answer(*, known: KnownAnswer, decision: Decision, now: datetime) -> None:
    """Send a known answer to a lead once CAREFUL_MISSES careful people have answered otherwise.

    Call it with the product locked, after `decision` has been written.
    """
    if decision.category_id == known.category_id or _is_disputed(decision.product):
        return
    people = missed_by(known=known)
    careful = [who for who in people if _is_careful(who)]
    if len(careful) >= CAREFUL_MISSES:
        _open(known, decision, now)


def _is_careful(moderator: User) -> bool:
    record = record_of(moderator=moderator)
    return is_careful(record.hits, record.sample)


def _is_disputed(product: Product) -> bool:
    return Disagreement.objects.filter(product=product, closed_at=None).exists()


def _open(known: KnownAnswer, decision: Decision, now: datetime) -> Disagreement:
    return Disagreement.objects.create(
        product_id=decision.product_id,
        kind=DisagreementKind.DISPUTE,
        first=known.decision,
        second=decision,
        known_answer=known,
        opened_at=now,
    )
