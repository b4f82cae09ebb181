"""Counts buyers' reports by day of filing: how many, how they were answered, and how soon.

A report is no append-only fact: its answer comes later, may be overturned and taken back. A trigger
notes the day of each report that changes; a noted day is counted anew as a whole.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from reviewapp.choices import GroupKind
from reviewapp.models import ReportChange, ReportTally
from reviewapp.selectors.delay_sql import bucket_of
from reviewapp.selectors.group_sql import OTHER_DECLARED, SELLER_PRODUCTS, dashboard_groups
from reviewapp.services.rollups import locked

DAYS: Final = 31
_CURSOR: Final = "reports-by-day"
_TAKE: Final = """
DELETE FROM reviewapp_reportchange
WHERE day IN (SELECT DISTINCT day FROM reviewapp_reportchange ORDER BY day DESC LIMIT %(most)s)
RETURNING day
"""
_BOOK: Final = f"""
INSERT INTO reviewapp_reporttally
    (day, model_version_id, kind, "group", status, bucket, reports)
SELECT days.day, answered.model_version_id, groups.kind, groups.value, report.status,
       CASE WHEN report.status IN ('upheld', 'dismissed')
            THEN {bucket_of("report.resolved_at - report.created_at")} END,
       count(*)
FROM unnest(%(days)s::date[]) AS days (day)
JOIN reviewapp_misclassificationreport report
  ON report.created_at >= days.day::timestamp AT TIME ZONE 'UTC'
 AND report.created_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC'
JOIN reviewapp_category reported ON reported.id = report.reported_category_id
JOIN reviewapp_categoryfamily family ON family.id = reported.family_id
JOIN reviewapp_product product ON product.id = report.product_id
{SELLER_PRODUCTS}
LEFT JOIN LATERAL (
    SELECT prediction.model_version_id
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    WHERE route.product_id = report.product_id AND route.created_at <= report.created_at
    ORDER BY route.created_at DESC LIMIT 1
) answered ON true
CROSS JOIN LATERAL (VALUES {dashboard_groups("reported.code")}, {OTHER_DECLARED})
  AS groups (kind, value)
GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 (no input)
_ALL_DAYS: Final = """
INSERT INTO reviewapp_reportchange (day)
SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM reviewapp_misclassificationreport
"""


@transaction.atomic
def roll_up_reports(*, most: int = DAYS) -> bool:
    """Count up to `most` days with changed reports anew, newest first; False when none is left."""
    locked(_CURSOR)
    with connection.cursor() as database:
        database.execute(_TAKE, {"most": most})
        days = sorted({day for (day,) in database.fetchall()})
        if not days:
            return False
        # The kinds only lead to the index.
        ReportTally.objects.filter(kind__in=GroupKind.values, day__in=days).delete()
        # A statement of its own: it sees every report whose note was taken above.
        database.execute(_BOOK, {"days": days})
    return True


@transaction.atomic
def rebuild_reports() -> None:
    """Forget all counts; `roll_up_reports` takes everything in anew."""
    locked(_CURSOR)
    ReportTally.objects.all().delete()
    ReportChange.objects.all().delete()
    with connection.cursor() as database:
        database.execute(_ALL_DAYS)
