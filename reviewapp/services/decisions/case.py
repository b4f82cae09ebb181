"""What every answer does first: lock the case, and find out whether it has been given before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from reviewapp.choices import MemberChoice, ReviewStatus, Verdict
from reviewapp.domain.review import Claim, hold, may_answer
from reviewapp.models import (
    Decision,
    FeedbackLabel,
    Prediction,
    Product,
    ReviewItem,
    User,
)
from reviewapp.selectors.interests import is_party
from reviewapp.services.decisions.refusals import ClaimLost, ConflictOfInterest, KeyReused


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers which item, under which key, when, and after how many seconds of looking."""

    item_id: int
    moderator: User
    client_key: UUID
    now: datetime
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A locked product and item. `earlier` is this very answer, when it has been given before.

    `is_reported` and `is_appealed`: False where no buyer, or not the seller, has ever contested the
    category; True, too, where nobody has looked.
    """

    product: Product
    item: ReviewItem
    earlier: Decision | None
    is_reported: bool = True
    is_appealed: bool = True


def lock_case(answer: Answer) -> Case:
    """Lock the product, then the item; find an earlier answer under the same key.

    Raises ReviewItem.DoesNotExist, and KeyReused when the key was used for something else.
    """
    locked = Product.objects.select_for_update(no_key=True, of=("self",))
    product = locked.filter(review_items=answer.item_id).first()
    if product is None:
        raise ReviewItem.DoesNotExist(f"There is no review item {answer.item_id}.")
    item = _with_contests().select_related("route").get(pk=answer.item_id)
    # Looked up under the lock: of two equal requests the second sees what the first wrote.
    earlier = Decision.objects.filter(client_key=answer.client_key).first()
    if earlier is not None and (earlier.item_id, earlier.moderator_id) != (
        answer.item_id,
        answer.moderator.pk,
    ):
        raise KeyReused(str(answer.client_key))
    return Case(product, item, earlier, item.is_reported, item.is_appealed)


def _with_contests() -> QuerySet[Any]:
    """Items, locked, that know whether their product has been contested: one look, not four.

    Reports and appeals are filed under the product's lock, so that what is seen here stays.
    """
    return ReviewItem.objects.select_for_update(no_key=True, of=("self",)).annotate(
        is_reported=_IS_REPORTED, is_appealed=_IS_APPEALED
    )


# As SQL: Django takes longer to write these three queries than the database to answer them.
_IS_REPORTED = RawSQL(
    """
    EXISTS (SELECT 1 FROM reviewapp_misclassificationreport report
            WHERE report.product_id = reviewapp_reviewitem.product_id)
    OR EXISTS (SELECT 1 FROM reviewapp_reportcase reported
               WHERE reported.product_id = reviewapp_reviewitem.product_id)
    """,
    (),
    BooleanField(),
)
_IS_APPEALED = RawSQL(
    """
    EXISTS (SELECT 1 FROM reviewapp_appeal appeal
            WHERE appeal.product_id = reviewapp_reviewitem.product_id)
    """,
    (),
    BooleanField(),
)


def require_claim(case: Case, answer: Answer) -> None:
    """Raise ClaimLost, with what was decided meanwhile, unless the item is the moderator's."""
    state = hold(claim_of(case.item), answer.moderator.pk, answer.now)
    if may_answer(state):
        return
    decision = (
        standing_decisions(case.product)
        .filter(item=case.item)
        .select_related("moderator", "category")
        .first()
    )
    raise ClaimLost(case.item, state, decision)


def require_no_interest(case: Case, answer: Answer) -> None:
    """Raise ConflictOfInterest when the moderator is a party to the product."""
    is_contested = case.is_reported or case.is_appealed
    is_seller = case.product.seller_id == answer.moderator.pk
    if is_seller or (is_contested and is_party(person=answer.moderator, product=case.product)):
        raise ConflictOfInterest(case.item)


def claim_of(item: ReviewItem) -> Claim:
    return Claim(ReviewStatus(item.status), item.claimed_by_id, item.claim_expires_at)


def standing_decisions(product: Product) -> QuerySet[Decision]:
    """Decisions on `product` that nobody has undone, newest first."""
    return (
        Decision.objects.filter(product=product, undone_by=None)
        .exclude(verdict=Verdict.UNDONE)
        .order_by("-id")
    )


def fusion_answer(product: Product) -> Prediction | None:
    """What FUSION says of the product's present text and picture; the newest such answer."""
    return (
        Prediction.objects.filter(
            product=product, member=MemberChoice.FUSION, input_digest=product.input_digest
        )
        .order_by("-created_at", "-id")
        .first()
    )


def write_decision(
    case: Case, answer: Answer, fusion: Prediction | None, verdict: Verdict, **fields: Any
) -> Decision:
    """Add the Decision row, with what it takes to undo it."""
    return Decision.objects.create(
        item=case.item,
        product=case.product,
        moderator=answer.moderator,
        served_by=case.item.served_by,
        serving_probability=case.item.serving_probability,
        client_key=answer.client_key,
        verdict=verdict,
        suggested_category_id=fusion.category_id if fusion else None,
        model_version_id=fusion.model_version_id if fusion else None,
        reasons=case.item.reasons,
        is_blind=case.item.is_blind,
        before=snapshot(case),
        seconds=answer.seconds,
        decided_at=answer.now,
        **fields,
    )


def snapshot(case: Case) -> dict[str, Any]:
    """Product, item and live label as they are now; what `undo` puts back."""
    product, item = case.product, case.item
    label = FeedbackLabel.objects.filter(product=product, ended_at=None).values_list("pk").first()
    return {
        "product": {
            "status": product.status,
            "category_id": product.category_id,
            "listed_at": _stamp(product.listed_at),
        },
        "item": {
            "reasons": item.reasons,
            "priority": item.priority,
            "is_blind": item.is_blind,
            "escalated_at": _stamp(item.escalated_at),
            "known_answer_id": item.known_answer_id,
            "only_for_id": item.only_for_id,
        },
        "label_id": label[0] if label else None,
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
