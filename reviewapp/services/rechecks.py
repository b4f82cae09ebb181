"""Rechecks: colleagues check what somebody who was careless has answered, or will answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from reviewapp.choices import ReviewReason, ReviewStatus, ServedBy
from reviewapp.domain.checks import RECHECK_PRIORITY
from reviewapp.domain.rechecks import Scope
from reviewapp.models import Decision, Product, Recheck, ReviewItem, User
from reviewapp.selectors.rechecks import demotion_of, recheckable
from reviewapp.services import checks


@dataclass(eq=False)
class NothingToCheck(Exception):
    """No answer is left that a colleague could check."""


@dataclass(eq=False)
class NobodyToCheck(Exception):
    """Nobody else may decide, so that no colleague could check anything."""


@dataclass(eq=False)
class AlreadyDemoted(Exception):
    """Every answer of this person is checked already."""

    demotion: Recheck


@dataclass(eq=False)
class AlreadyUndone(Exception):
    """Somebody has taken it back before."""

    recheck: Recheck


@transaction.atomic
def open_recheck(
    *, moderator: User, lead: User, scope: Scope, comment: str, now: datetime
) -> Recheck:
    """Have colleagues check the moderator's recent answers blindly, all opened at once or none.

    Labels and listings stay until a check differs; then there is a Disagreement, as with any second
    opinion. The moderator is never handed one of them. Locks the products, in order of their ids.
    Raises NobodyToCheck, and NothingToCheck when a recheck under way has everything already.
    """
    _lock(moderator)
    if not checks.has_colleague(moderator.pk):
        raise NobodyToCheck
    chosen = recheckable(moderator=moderator, scope=scope, now=now)
    _lock_products(chosen.values_list("product_id", flat=True))
    # Read again under the locks: a report or a seller's edit may have come in between.
    answers = list(chosen.select_related("product", "item"))
    if not answers:
        raise NothingToCheck
    recheck = Recheck.objects.create(
        moderator=moderator,
        lead=lead,
        days=scope.days,
        last=scope.last,
        comment=comment,
        opened_at=now,
    )
    ReviewItem.objects.bulk_create([_check(answer, recheck, now) for answer in answers])
    return recheck


@transaction.atomic
def demote(*, moderator: User, lead: User, comment: str, now: datetime) -> Recheck:
    """Have a colleague check every answer of the moderator from now on, and keep grids and checks
    of colleagues from him or her. Raises NobodyToCheck, AlreadyDemoted."""
    _lock(moderator)
    if not checks.has_colleague(moderator.pk):
        raise NobodyToCheck
    demotion = demotion_of(moderator_id=moderator.pk)
    if demotion is not None:
        raise AlreadyDemoted(demotion)
    _give_back(moderator)
    return Recheck.objects.create(
        moderator=moderator, lead=lead, demotes=True, comment=comment, opened_at=now
    )


@transaction.atomic
def undo_recheck(*, recheck_id: int, by: User, comment: str, now: datetime) -> int:
    """Take a recheck back, or end a demotion; return how many checks are withdrawn.

    What a colleague has answered stands, and what a lead was asked about stays with the lead.
    Whoever holds a withdrawn one is told so on answering. Raises Recheck.DoesNotExist, AlreadyUndone.
    """
    recheck = Recheck.objects.select_for_update(no_key=True).get(pk=recheck_id)
    if recheck.undone_at is not None:
        raise AlreadyUndone(recheck)
    recheck.undone_at, recheck.undone_by, recheck.undo_comment = now, by, comment
    recheck.save(update_fields=["undone_at", "undone_by", "undo_comment"])
    return checks.withdraw_recheck(recheck=recheck, now=now)


def _lock(moderator: User) -> None:
    """Let one lead at a time act on a moderator."""
    User.objects.select_for_update(no_key=True).get(pk=moderator.pk)


def _give_back(moderator: User) -> None:
    """Free what the moderator holds and would not be handed any more."""
    held = ReviewItem.objects.filter(status=ReviewStatus.CLAIMED, claimed_by=moderator)
    held.filter(Q(served_by=ServedBy.BULK) | Q(checks__isnull=False)).update(
        status=ReviewStatus.PENDING, claimed_by=None, claim_expires_at=None, served_by=""
    )


def _lock_products(ids: Iterable[int]) -> None:
    products = Product.objects.filter(pk__in=list(ids))
    list(products.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _check(answer: Decision, recheck: Recheck, now: datetime) -> ReviewItem:
    return ReviewItem(
        product=answer.product,
        reasons=[ReviewReason.SECOND_OPINION],
        status=ReviewStatus.PENDING,
        checks=answer,
        recheck=recheck,
        not_for_id=answer.moderator_id,
        is_blind=True,
        priority=RECHECK_PRIORITY,
        # Near duplicates are spread among other products, as anywhere in the queue.
        group_key=answer.product.group_key,
        family_id=answer.item.family_id,
        opened_at=now,
    )
