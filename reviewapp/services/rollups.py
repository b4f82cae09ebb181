"""Roll-ups: counts kept up to date from new rows of append-only tables, so that no page scans them.

Each table has a cursor, locked while its new rows are counted in the same transaction: repeating is
harmless, and nothing counts twice. A new measure of routes is one more column in `_BOOK_ROUTES` or
`_BOOK_ANSWERS`; after that `rebuild` counts everything anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from reviewapp.domain.comparisons import GRACE
from reviewapp.models import CertificateWatch, Decision, RollUpCursor, Route, RouteTally
from reviewapp.selectors.audits import newly_answered
from reviewapp.selectors.delay_sql import FIRST
from reviewapp.selectors.group_sql import OTHER_DECLARED, SELLER_PRODUCTS, dashboard_groups
from reviewapp.services.certificates import watch_audits

BATCH: Final = 5000
_ROUTES, _ANSWERS = "routes", "answers"

# One row per route and group. What a route was kept for because a person had answered before, or
# that an open item held back, was not listed because of the models.
_GROUPED: Final = f"""
    SELECT (route.created_at AT TIME ZONE 'UTC')::date AS day, prediction.model_version_id,
           route.policy_id, route.stratum, route.inclusion_probability, groups.kind, groups.value,
           route.id AS route_id, route.outcome, route.created_at, product.arrived_at,
           route.product_id, {FIRST} AS is_first,
           route.outcome = 'review' OR 'audit' = ANY(route.reasons) AS is_drawn
    FROM reviewapp_route route
    JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
    JOIN reviewapp_category predicted ON predicted.id = prediction.category_id
    JOIN reviewapp_categoryfamily family ON family.id = predicted.family_id
    JOIN reviewapp_product product ON product.id = route.product_id
    {SELLER_PRODUCTS}
    CROSS JOIN LATERAL (VALUES
        {dashboard_groups("predicted.code")}, {OTHER_DECLARED}
    ) AS groups (kind, value)
    WHERE route.stratum <> '' AND NOT route.details ?| ARRAY['label', 'held']
"""  # noqa: S608 (no input)

_BOOK_ROUTES: Final = f"""
INSERT INTO reviewapp_routetally AS tally
    (day, model_version_id, policy_id, stratum, kind, "group", inclusion_probability,
     routed, drawn, answered, wrong, products, listed_in_a_day)
SELECT day, model_version_id, policy_id, stratum, kind, value, max(inclusion_probability),
       count(*), count(*) FILTER (WHERE is_drawn), 0, 0,
       count(*) FILTER (WHERE is_first),
       count(*) FILTER (WHERE is_first AND outcome = 'listed'
                        AND created_at <= arrived_at + interval '1 day')
FROM ({_GROUPED} AND route.id > %(after)s AND route.id <= %(last)s) grouped
GROUP BY day, model_version_id, policy_id, stratum, kind, value
ON CONFLICT (kind, day, model_version_id, policy_id, stratum, "group") DO UPDATE SET
    routed = tally.routed + excluded.routed, drawn = tally.drawn + excluded.drawn,
    products = tally.products + excluded.products,
    listed_in_a_day = tally.listed_in_a_day + excluded.listed_in_a_day
"""  # noqa: S608 (no input)

_IS_ROW: Final = """
    (tally.kind, tally.day, tally.model_version_id, tally.policy_id, tally.stratum, tally."group")
    = (found.kind, found.day, found.model_version_id, found.policy_id, found.stratum, found.value)
"""
_BOOK_ANSWERS: Final = f"""
UPDATE reviewapp_routetally tally SET
    answered = tally.answered + found.answered, wrong = tally.wrong + found.wrong
FROM (
    SELECT day, model_version_id, policy_id, stratum, kind, value, count(*) AS answered,
           count(*) FILTER (WHERE given.is_wrong) AS wrong
    FROM ({_GROUPED} AND route.id = ANY(%(routes)s::bigint[])) grouped
    JOIN unnest(%(routes)s::bigint[], %(wrong)s::boolean[]) AS given (route, is_wrong)
      ON given.route = grouped.route_id
    GROUP BY day, model_version_id, policy_id, stratum, kind, value
) found
WHERE {_IS_ROW}
"""  # noqa: S608 (no input)

# An answer to a product's first case lists it, also where the case was routed again meanwhile.
_BOOK_LISTED: Final = f"""
WITH given AS (
    SELECT item.product_id, given.decided_at
    FROM unnest(%(routes)s::bigint[], %(decided)s::timestamptz[]) AS given (route, decided_at)
    JOIN reviewapp_reviewitem item ON item.route_id = given.route
    WHERE NOT EXISTS (SELECT FROM reviewapp_reviewitem earlier
                      WHERE earlier.product_id = item.product_id AND earlier.id < item.id)
)
UPDATE reviewapp_routetally tally
SET listed_in_a_day = tally.listed_in_a_day + found.products
FROM (
    SELECT day, model_version_id, policy_id, stratum, kind, value, count(*) AS products
    FROM ({_GROUPED} AND route.product_id IN (SELECT product_id FROM given)) grouped
    JOIN given USING (product_id)
    WHERE is_first AND outcome = 'review' AND decided_at <= arrived_at + interval '1 day'
    GROUP BY day, model_version_id, policy_id, stratum, kind, value
) found
WHERE {_IS_ROW}
"""  # noqa: S608 (no input)


def roll_up_routes(*, now: datetime, most: int = BATCH) -> bool:
    """Count up to `most` new routes, or when none is left so many new answers; False at the end."""
    return _book_routes(now, most) or _book_answers(now, most)


@transaction.atomic
def rebuild() -> None:
    """Forget all counts and running tests; `roll_up_routes` takes everything in anew. Alarms stay."""
    for name in (_ROUTES, _ANSWERS):
        locked(name)
    RouteTally.objects.all().delete()
    CertificateWatch.objects.all().delete()
    RollUpCursor.objects.filter(name__in=[_ROUTES, _ANSWERS]).update(last_id=0)


@transaction.atomic
def _book_routes(now: datetime, most: int) -> bool:
    cursor = locked(_ROUTES)
    rows = Route.objects.filter(pk__gt=cursor.last_id).order_by("pk")
    last = last_settled(list(rows.values_list("pk", "created_at")[:most]), now)
    if last is None:
        return False
    _execute(_BOOK_ROUTES, {"after": cursor.last_id, "last": last})
    move(cursor, last)
    return True


@transaction.atomic
def _book_answers(now: datetime, most: int) -> bool:
    locked(_ROUTES)  # no route may come in between: an answer needs its route counted
    cursor = locked(_ANSWERS)
    rows = Decision.objects.filter(pk__gt=cursor.last_id).order_by("pk")
    last = last_settled(list(rows.values_list("pk", "decided_at")[:most]), now)
    if last is None:
        return False
    answers = newly_answered(after=cursor.last_id, last=last)
    routes = [one.route for one in answers]
    _execute(_BOOK_ANSWERS, {"routes": routes, "wrong": [one.is_wrong for one in answers]})
    _execute(_BOOK_LISTED, {"routes": routes, "decided": [one.decided_at for one in answers]})
    watch_audits(answers=answers, after=cursor.last_id, now=now)
    move(cursor, last)
    return True


def last_settled(rows: list[tuple[int, datetime]], now: datetime) -> int | None:
    """Return the last id before the first row that is not settled yet.

    One with a lower id may still be on its way, and a decision may be taken back.
    """
    last = None
    for pk, moment in rows:
        if moment > now - GRACE:
            break
        last = pk
    return last


def locked(name: str) -> RollUpCursor:
    """Return the cursor of that name, locked; call it inside a transaction."""
    RollUpCursor.objects.get_or_create(name=name)
    return RollUpCursor.objects.select_for_update().get(name=name)


def move(cursor: RollUpCursor, last: int) -> None:
    """Remember that everything up to `last` is counted."""
    cursor.last_id = last
    cursor.save(update_fields=["last_id"])


def _execute(query: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
