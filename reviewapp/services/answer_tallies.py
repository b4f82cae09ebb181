"""Counts first answers of people by what FUSION had said: which mistakes are made, at what cost."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection, transaction

from reviewapp.models import AnswerTally, Decision, RollUpCursor
from reviewapp.selectors.audits import newly_answered
from reviewapp.selectors.delay_sql import GROUPED
from reviewapp.selectors.policies import FLAT
from reviewapp.services.rollups import BATCH, last_settled, locked, move

_CURSOR: Final = "answers-by-pair"
_BOOK: Final = f"""
INSERT INTO reviewapp_answertally AS tally
    (day, model_version_id, kind, "group", predicted_id, said_id, is_listed, is_above, answers,
     listings, example_id)
SELECT (route.created_at AT TIME ZONE 'UTC')::date, prediction.model_version_id, groups.kind,
       groups.value, prediction.category_id, given.said, route.outcome = 'listed',
       prediction.confidence >= {FLAT}, count(*),
       sum(CASE WHEN route.outcome = 'listed' THEN 1 / route.inclusion_probability ELSE 0 END),
       max(product.id)
FROM unnest(%(routes)s::bigint[], %(said)s::bigint[]) AS given (route, said)
JOIN reviewapp_route route ON route.id = given.route
JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
{GROUPED}
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
ON CONFLICT (kind, day, model_version_id, "group", predicted_id, said_id, is_listed, is_above)
DO UPDATE SET answers = tally.answers + excluded.answers,
    listings = tally.listings + excluded.listings,
    example_id = greatest(tally.example_id, excluded.example_id)
"""  # noqa: S608 (no input)


@transaction.atomic
def roll_up_answers(*, now: datetime, most: int = BATCH) -> bool:
    """Count the answers among up to `most` new decisions; False when none is left."""
    cursor = locked(_CURSOR)
    rows = Decision.objects.filter(pk__gt=cursor.last_id).order_by("pk")
    last = last_settled(list(rows.values_list("pk", "decided_at")[:most]), now)
    if last is None:
        return False
    answers = newly_answered(after=cursor.last_id, last=last)
    with connection.cursor() as database:
        database.execute(
            _BOOK,
            {
                "routes": [one.route for one in answers],
                "said": [one.category for one in answers],
            },
        )
    move(cursor, last)
    return True


@transaction.atomic
def rebuild_answers() -> None:
    """Forget all counts; `roll_up_answers` takes everything in anew."""
    locked(_CURSOR)
    AnswerTally.objects.all().delete()
    RollUpCursor.objects.filter(name=_CURSOR).update(last_id=0)
