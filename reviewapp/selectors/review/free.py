"""When an open item is free, and for whom: as conditions for queries, and as SQL for claims."""

from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from reviewapp.choices import ReviewStatus
from reviewapp.models import ReviewItem, User

# `is_unheld`, and neither `is_kept_for_another` nor `is_assigned_to_another`.
FREE: Final = """item.status <> 'resolved'
      AND (item.status = 'pending' OR item.claim_expires_at <= %(now)s)
      AND (item.only_for_id IS NULL OR item.only_for_id = %(moderator)s)
      AND (item.assigned_to_id IS NULL OR item.assigned_to_id = %(moderator)s
           OR item.assigned_until <= %(now)s)"""

# Neither `is_skipped` nor `selectors.appeals.barred_from`.
MAY_HAVE: Final = """item.not_for_id IS DISTINCT FROM %(moderator)s
      AND (item.checks_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM reviewapp_recheck demotion
          WHERE demotion.moderator_id = %(moderator)s AND demotion.demotes
            AND demotion.undone_at IS NULL
      ))
      AND NOT (item.reasons @> ARRAY['seller_appeal']::varchar(20)[] AND EXISTS (
          SELECT 1 FROM reviewapp_decision own
          WHERE own.product_id = item.product_id AND own.moderator_id = %(moderator)s
            AND own.verdict IN ('confirmed', 'corrected')
            AND NOT EXISTS (SELECT 1 FROM reviewapp_decision undo WHERE undo.undoes_id = own.id)
      ))
      AND (SELECT seller_id FROM reviewapp_product WHERE id = item.product_id)
          IS DISTINCT FROM %(moderator)s
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_misclassificationreport report
          WHERE report.product_id = item.product_id AND report.reporter_id = %(moderator)s
      )
      AND NOT (item.reasons @> ARRAY['seller_appeal']::varchar(20)[] AND EXISTS (
          SELECT 1 FROM reviewapp_appeal appeal
          WHERE appeal.product_id = item.product_id AND appeal.seller_id = %(moderator)s
      ))
      AND NOT EXISTS (
          SELECT 1 FROM reviewapp_reviewitem_skipped_by skip
          WHERE skip.reviewitem_id = item.id AND skip.user_id = %(moderator)s
      )"""


def unresolved() -> QuerySet[ReviewItem]:
    """Return all open items."""
    return ReviewItem.objects.exclude(status=ReviewStatus.RESOLVED)


def is_held(now: datetime) -> Q:
    """Somebody has it in hand; a claim that has run out holds nothing."""
    return Q(status=ReviewStatus.CLAIMED, claim_expires_at__gt=now)


def is_unheld(now: datetime) -> Q:
    """Of open items, all but what `is_held`."""
    return Q(status=ReviewStatus.PENDING) | Q(claim_expires_at__lte=now)


def is_kept_for_another(moderator: User) -> Q:
    """It measures somebody else."""
    return Q(only_for__isnull=False) & ~Q(only_for=moderator)


def is_assigned_to_another(moderator: User, now: datetime) -> Q:
    """A lead keeps it for somebody else until later than `now`."""
    return Q(assigned_to__isnull=False, assigned_until__gt=now) & ~Q(assigned_to=moderator)


def is_skipped(moderator: User) -> Q:
    """The moderator has skipped it, and is not handed it again."""
    rows = ReviewItem.skipped_by.through.objects.filter(user_id=moderator.pk)
    return Q(pk__in=rows.values("reviewitem_id"))
