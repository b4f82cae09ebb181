"""Known answers: settled products, slipped in among a moderator's items to measure care."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from reviewapp.choices import (
    KnownAnswerEnd,
    KnownAnswerSource,
    ProductStatus,
    ReviewReason,
    ReviewStatus,
)
from reviewapp.domain.checks import KNOWN_ANSWER_PRIORITY, Draw, known_answer_rate
from reviewapp.models import (
    Decision,
    Disagreement,
    KnownAnswer,
    KnownAnswerDraw,
    Product,
    ReviewItem,
    User,
)
from reviewapp.selectors.checks.known_answers import record_of
from reviewapp.selectors.interests import own_interest
from reviewapp.selectors.review.queue import skills_of
from reviewapp.services.checks.opening import drawn, rates

DRAWN_FOR: Final = timedelta(hours=1)
"""After a longer standstill of the workers nobody is to be met by a backlog of known answers."""


def draw_known_answer(*, decision: Decision) -> None:
    """Note when `decision` draws a known answer for its author; `offer_known_answer` gives it.

    In the decision's transaction, so that no draw is lost, and without a query for most decisions:
    choosing the known answer takes longer than deciding, and nobody need wait for it.
    """
    if drawn(Draw.KNOWN_ANSWER, decision.item_id) < rates().known_answers:
        KnownAnswerDraw.objects.create(decision=decision)


@transaction.atomic
def offer_known_answer(*, now: datetime) -> bool:
    """Work off the oldest draw: slip a known answer in among its moderator's next items, if the
    moderator's measured accuracy leaves it due. False when no draw is left.

    Nothing comes of a decision that was undone meanwhile or is older than DRAWN_FOR. Each draw
    counts once: it is locked, and gone with what came of it. Waits for another one under way, so
    that nobody gets two at once; for no product.
    """
    found = KnownAnswerDraw.objects.select_for_update(of=("self",)).order_by("pk")
    lot = found.select_related("decision__moderator").first()
    if lot is None:
        return False
    if _still_counts(lot.decision, now):
        _offer(lot.decision, now)
    lot.delete()
    return True


def known_answer_if_unanimous(
    *, product: Product, first: Decision, second: Decision, now: datetime
) -> KnownAnswer | None:
    """Keep the product as a known answer when two people named one category, both blind."""
    if not (first.is_blind and second.is_blind and first.category_id == second.category_id):
        return None
    if Disagreement.objects.filter(product=product).exists():
        return None
    return add_known_answer(
        product=product, decision=second, source=KnownAnswerSource.UNANIMOUS, now=now
    )


def add_known_answer(
    *, product: Product, decision: Decision, source: KnownAnswerSource, now: datetime
) -> KnownAnswer:
    """Use `decision` as the product's known answer from now on, instead of any earlier one."""
    if decision.category is None:
        raise ValueError(f"Decision {decision.pk} names no category.")
    retire_known_answer(product=product, because=KnownAnswerEnd.CHANGED, now=now)
    return KnownAnswer.objects.create(
        product=product,
        category=decision.category,
        input_digest=product.input_digest,
        source=source,
        decision=decision,
        created_at=now,
    )


def retire_known_answer(
    *, product: Product, because: KnownAnswerEnd, now: datetime, unless: int | None = None
) -> int:
    """Stop using the product's known answer, unless its category (id) is `unless`."""
    in_use = KnownAnswer.objects.filter(product=product, retired_at=None)
    return in_use.exclude(category=unless).update(retired_at=now, retired_because=because)


def _still_counts(decision: Decision, now: datetime) -> bool:
    is_undone = Decision.objects.filter(undoes=decision).exists()
    return decision.decided_at > now - DRAWN_FOR and not is_undone


def _offer(decision: Decision, now: datetime) -> None:
    """Open an item for the decision's author. The rate falls as the measured accuracy rises.

    One at a time; never on a product on which the moderator has ever decided or is a party to, that
    is in review, or that is disputed.
    """
    moderator, record = decision.moderator, record_of(moderator=decision.moderator)
    rate = known_answer_rate(record.hits, record.sample, rates())
    if drawn(Draw.KNOWN_ANSWER, decision.item_id) >= rate or _has_one(moderator):
        return
    for known in _candidates(moderator, drawn(Draw.ORDER, decision.item_id)):
        if _lock_free(known.product_id):
            ReviewItem.objects.create(
                product_id=known.product_id,
                reasons=[ReviewReason.GOLD],
                known_answer=known,
                only_for=moderator,
                is_blind=True,
                priority=KNOWN_ANSWER_PRIORITY,
                opened_at=now,
            )
            return


def _has_one(moderator: User) -> bool:
    mine = ReviewItem.objects.filter(only_for=moderator).exclude(status=ReviewStatus.RESOLVED)
    # A skipped one does not come again; it must not be a way to get rid of all of them.
    return mine.exclude(own_interest(moderator)).exclude(skipped_by=moderator).exists()


def _candidates(moderator: User, start: float) -> Iterator[KnownAnswer]:
    usable = _usable(moderator)
    for part in (usable.filter(draw__gte=start), usable.filter(draw__lt=start)):
        known = part.order_by("draw").first()
        if known is not None:
            yield known


def _usable(moderator: User) -> QuerySet[KnownAnswer]:
    product = OuterRef("product")
    allowed = skills_of(moderator=moderator).allowed
    # Of another family than all the others it would be known as what it is.
    within = Q(category__family__in=allowed) if allowed else Q()
    return KnownAnswer.objects.filter(
        within,
        ~Exists(Decision.objects.filter(product=product, moderator=moderator)),
        ~own_interest(moderator),
        ~Exists(_open_items().filter(product=product)),
        ~Exists(Disagreement.objects.filter(product=product, closed_at=None)),
        Q(product__status=ProductStatus.LISTED, product__category=F("category")),
        retired_at=None,
        product__input_digest=F("input_digest"),
    )


def _lock_free(product_id: int) -> bool:
    """Lock the product unless somebody else has it locked; say whether it has no open item."""
    rows = Product.objects.select_for_update(no_key=True, skip_locked=True).filter(pk=product_id)
    return rows.exists() and not _open_items().filter(product=product_id).exists()


def _open_items() -> QuerySet[ReviewItem]:
    return ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)
