"""Answers to what moderators ask a lead."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from reviewapp.choices import ReviewStatus
from reviewapp.domain.review import Hold, hold
from reviewapp.models import Category, Decision, ReviewItem, User
from reviewapp.selectors.interests import is_party
from reviewapp.services.decisions import decide
from reviewapp.services.decisions.case import Answer, claim_of, lock_case, require_claim
from reviewapp.services.review import lease_end


@dataclass(eq=False)
class NotForThisLead(Exception):
    """This person is no lead, a party to the product, or the item checks his or her own answer."""


@transaction.atomic
def answer_question(
    *,
    item_id: int,
    lead: User,
    category: Category,
    comment: str,
    client_key: UUID,
    now: datetime,
    seen_digest: str = "",
) -> Decision:
    """Take an escalated item, wherever it lies in the queue, and decide it with a comment for
    whoever had asked. The lead has seen the models' answers, so that it is not blind.

    Idempotent by `client_key`. Raises NotForThisLead, ReviewItem.DoesNotExist and what `decide`
    raises; ClaimLost also when another lead has the item.
    """
    answer = Answer(item_id, lead, client_key, now)
    case = lock_case(answer)
    if case.earlier is None:
        if is_party(person=lead, product=case.product):
            raise NotForThisLead
        _take(case.item, lead, now)
        require_claim(case, answer)
    return decide(
        item_id=item_id,
        moderator=lead,
        category=category,
        comment=comment,
        client_key=client_key,
        now=now,
        seen_digest=seen_digest,
    )


def _take(item: ReviewItem, lead: User, now: datetime) -> None:
    if not lead.has_perm("reviewapp.lead_review") or item.not_for_id == lead.pk:
        raise NotForThisLead
    if item.escalated_at is None:
        raise ReviewItem.DoesNotExist(f"Nobody has asked about item {item.pk}.")
    item.is_blind = False
    if hold(claim_of(item), lead.pk, now) == Hold.FREE:
        item.status, item.claimed_by = ReviewStatus.CLAIMED, lead
        item.claim_expires_at = lease_end(now)
    item.save(update_fields=["is_blind", "status", "claimed_by", "claim_expires_at"])
