"""Answers of people to routes of the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# The first answer to an item counts: to an audit only a blind one, which stands even when it was
# taken back, since leaving it out would leave out the cases in which the models persuaded somebody.
# An answer to another input than the models had says nothing about theirs.
_ANSWERED = """
SELECT DISTINCT ON (route.id)
       route.id, prediction.model_version_id, route.policy_id, route.outcome = 'listed',
       route.inclusion_probability, decision.category_id <> prediction.category_id,
       decision.decided_at, decision.category_id, product.group_key
FROM reviewapp_decision decision
JOIN reviewapp_reviewitem item ON item.id = decision.item_id
JOIN reviewapp_route route ON route.id = item.route_id
JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
JOIN reviewapp_product product ON product.id = route.product_id
LEFT JOIN reviewapp_decision undo ON undo.undoes_id = decision.id
WHERE decision.id > %(after)s AND decision.id <= %(last)s
  AND (%(groups)s::bigint[] IS NULL OR product.group_key = ANY(%(groups)s::bigint[]))
  AND decision.verdict IN ('confirmed', 'corrected')
  AND NOT decision.reasons && ARRAY['gold', 'second_opinion']::varchar[]
  AND route.stratum <> '' AND NOT route.details ?| ARRAY['label', 'held']
  AND prediction.input_digest = product.input_digest
  AND (decision.is_blind OR (undo.id IS NULL AND route.outcome = 'review'))
  AND (route.outcome = 'review'
       OR ('audit' = ANY(route.reasons) AND 'audit' = ANY(decision.reasons)))
  AND NOT EXISTS (
      SELECT FROM reviewapp_decision before
      LEFT JOIN reviewapp_decision withdrawn ON withdrawn.undoes_id = before.id
      WHERE before.item_id = item.id AND before.id < decision.id
        AND before.verdict IN ('confirmed', 'corrected')
        AND (before.is_blind OR withdrawn.id IS NULL))
ORDER BY route.id, decision.id
"""


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """A person's answer to a route.

    is_listed: an audit of an automatic listing; category: primary key of what the person said;
    group: the product's near duplicates, None when that is not known
    """

    route: int
    model_version: int
    policy: int
    is_listed: bool
    inclusion_probability: float
    is_wrong: bool
    decided_at: datetime
    category: int
    group: int | None


def newly_answered(
    *, after: int, last: int, groups: Sequence[int] | None = None
) -> list[AuditAnswer]:
    """Return the routes first answered by decisions with ids in (after, last], in order of time.

    groups: only those of these near-duplicate groups
    """
    with connection.cursor() as cursor:
        values = {"after": after, "last": last, "groups": None if groups is None else list(groups)}
        cursor.execute(_ANSWERED, values)
        answers = [AuditAnswer(*row) for row in cursor.fetchall()]
    return sorted(answers, key=lambda one: (one.decided_at, one.route))
