"""Measuring what priorities are made of: seconds of review, and views."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Min, Sum

from reviewapp.choices import Measured, ProductStatus
from reviewapp.models import FamilyViews, Product, QueueMeasure

_LOOK_BACK = timedelta(days=90)
_VIEW_DAYS = 28
_COUNT_VIEW = """
INSERT INTO reviewapp_familyviews (family_id, day, views) VALUES (%s, %s, 1)
ON CONFLICT (family_id, day) DO UPDATE SET views = reviewapp_familyviews.views + 1
"""
# By reason and family, by reason, by family, and over all. Each decision counts under each reason.
_SECONDS = """
SELECT coalesce(reason, ''), family_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       count(DISTINCT id)
FROM (
    SELECT decision.id, decision.seconds, item.family_id, unnest(decision.reasons) AS reason
    FROM reviewapp_decision decision
    JOIN reviewapp_reviewitem item ON item.id = decision.item_id
    WHERE decision.decided_at > %s AND decision.verdict IN ('confirmed', 'corrected')
      AND decision.seconds IS NOT NULL AND NOT decision.is_bulk
) AS timed
GROUP BY GROUPING SETS ((reason, family_id), (reason), (family_id), ())
HAVING NOT (grouping(family_id) = 0 AND family_id IS NULL)
"""


def count_view(*, family_id: int, now: datetime) -> None:
    """Count that a product page of the family was opened; nothing about whom is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_VIEW, [family_id, now.date()])


@transaction.atomic
def measure_queue(*, now: datetime) -> int:
    """Measure everything anew; return how many measures there are. Items keep their priority."""
    rows = [*_seconds(now), *_views(now)]
    # In one order, so that two that measure at once wait for each other instead of locking up.
    rows.sort(key=lambda row: (row.kind, row.family_id or 0, row.reason))
    for row in rows:
        row.measured_at = now
    QueueMeasure.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["kind", "family", "reason"],
        update_fields=["value", "count", "measured_at"],
    )
    QueueMeasure.objects.filter(measured_at__lt=now).delete()
    return len(rows)


def _seconds(now: datetime) -> list[QueueMeasure]:
    with connection.cursor() as cursor:
        cursor.execute(_SECONDS, [now - _LOOK_BACK])
        found = cursor.fetchall()
    return [
        QueueMeasure(
            kind=Measured.SECONDS, reason=reason, family_id=family, value=median, count=count
        )
        for reason, family, median, count in found
        if median is not None
    ]


def _views(now: datetime) -> list[QueueMeasure]:
    """Views of a listed product a day, over whole days: today is not over yet."""
    first = now.date() - timedelta(days=_VIEW_DAYS)
    counted = FamilyViews.objects.filter(day__gte=first, day__lt=now.date())
    listed = dict(
        Product.objects.filter(status=ProductStatus.LISTED)
        .values_list("category__family")
        .annotate(Count("pk"))
    )
    totals = counted.values_list("family").annotate(Sum("views"), Min("day"))
    return [
        QueueMeasure(
            kind=Measured.VIEWS,
            family_id=family,
            value=views / listed[family] / (now.date() - since).days,
            count=views,
        )
        for family, views, since in totals
        if listed.get(family)
    ]
