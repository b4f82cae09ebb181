"""What the database says after a siege, against what the moderators were told."""

import json
from dataclasses import asdict, dataclass

import psycopg2

from tests.chaos.moderator import Moderator, Word

# What nobody has taken back, and what of it names a category.
_VIEWS = """
CREATE TEMP VIEW standing AS SELECT decision.* FROM reviewapp_decision decision
WHERE verdict <> 'undone' AND NOT EXISTS (
    SELECT FROM reviewapp_decision undo WHERE undo.undoes_id = decision.id
);
CREATE TEMP VIEW answer AS SELECT * FROM standing WHERE verdict IN ('confirmed', 'corrected')
"""
_ANSWERED_TWICE = """
SELECT count(*) FROM (SELECT item_id FROM answer GROUP BY item_id HAVING count(*) > 1) doubled
"""
# Each answered product is listed where its answer put it, with one live label that says so; with none
# while a disagreement about it is open. A check of an answer moves nothing. A product without a
# standing answer waits as before, and has no label.
_LABELS_ASTRAY = """
WITH settled AS (
    SELECT * FROM answer WHERE NOT reasons && ARRAY['second_opinion', 'gold']::varchar[]
), labels AS (
    SELECT product_id, array_agg(category_id) AS categories FROM reviewapp_feedbacklabel
    WHERE ended_at IS NULL GROUP BY product_id
)
SELECT count(*) FROM reviewapp_product product
LEFT JOIN settled ON settled.product_id = product.id
LEFT JOIN labels ON labels.product_id = product.id
WHERE CASE WHEN settled.id IS NULL
    THEN product.status <> 'in_review' OR product.category_id IS NOT NULL
        OR labels.categories IS NOT NULL
    ELSE product.status <> 'listed' OR product.category_id IS DISTINCT FROM settled.category_id
        OR labels.categories IS DISTINCT FROM (
            CASE WHEN EXISTS (SELECT FROM reviewapp_disagreement open
                              WHERE open.product_id = product.id AND open.closed_at IS NULL)
                 THEN NULL ELSE ARRAY[settled.category_id] END)
    END
"""
# Nobody is handed again what he or she has skipped, and nobody but a lead, of whom there is none,
# what was passed on.
_MISDIRECTED = """
SELECT count(*) FROM standing earlier
JOIN reviewapp_decision later ON later.item_id = earlier.item_id AND later.id > earlier.id
    AND later.verdict <> 'undone'
WHERE earlier.verdict = 'escalated'
   OR (earlier.verdict = 'skipped' AND later.moderator_id = earlier.moderator_id)
"""
# An item is over if and only if it has a standing answer; it says so when it has been passed on, and
# who has skipped it.
_ITEMS_ASTRAY = """
SELECT count(*) FROM reviewapp_reviewitem item
WHERE (
    item.checks_id IS NULL AND item.known_answer_id IS NULL
    AND (item.status = 'resolved') <> EXISTS (SELECT FROM answer WHERE answer.item_id = item.id)
) OR (item.escalated_at IS NOT NULL) <> EXISTS (
    SELECT FROM standing WHERE standing.item_id = item.id AND verdict = 'escalated'
) OR EXISTS (
    SELECT FROM standing WHERE standing.item_id = item.id AND verdict = 'skipped' AND NOT EXISTS (
        SELECT FROM reviewapp_reviewitem_skipped_by skip
        WHERE skip.reviewitem_id = item.id AND skip.user_id = standing.moderator_id
    )
)
"""


@dataclass(frozen=True)
class Damage:
    """How much was done, and what of it went wrong."""

    acknowledged: dict[str, int]
    refused: int
    broken_calls: int
    kills: dict[str, int]
    handed_to_two: int
    missing: int
    answered_twice: int
    labels_astray: int
    misdirected: int
    items_astray: int
    unsettled: int

    @property
    def is_none(self) -> bool:
        """True when nothing was lost, doubled or left hanging."""
        return not (
            self.handed_to_two
            or self.missing
            or self.answered_twice
            or self.labels_astray
            or self.misdirected
            or self.items_astray
            or self.unsettled
        )


def count_damage(database_url: str, moderators: list[Moderator], kills: dict[str, int]) -> Damage:
    """Read it all, once nobody works any more."""
    words = {key: word for one in moderators for key, word in one.acknowledged.items()}
    verdicts = [word.verdict for word in words.values()]
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(_VIEWS)
        stored = _stored(cursor)
        return Damage(
            acknowledged={verdict: verdicts.count(verdict) for verdict in sorted(set(verdicts))},
            refused=sum(moderator.refused for moderator in moderators),
            broken_calls=sum(moderator.errors for moderator in moderators),
            kills=kills,
            handed_to_two=_number(cursor, "SELECT count(*) FROM chaos_theft"),
            missing=sum(stored.get(key) != word for key, word in words.items()),
            answered_twice=_number(cursor, _ANSWERED_TWICE),
            labels_astray=_number(cursor, _LABELS_ASTRAY),
            misdirected=_number(cursor, _MISDIRECTED),
            items_astray=_number(cursor, _ITEMS_ASTRAY),
            unsettled=sum(len(moderator.unsettled) for moderator in moderators),
        )


def _stored(cursor) -> dict[str, Word]:
    cursor.execute(
        "SELECT decision.client_key::text, decision.item_id, CASE WHEN decision.verdict IN"
        " ('confirmed', 'corrected') THEN 'answered' ELSE decision.verdict END, category.code,"
        " undone.client_key::text"
        " FROM reviewapp_decision decision"
        " LEFT JOIN reviewapp_category category ON category.id = decision.category_id"
        " LEFT JOIN reviewapp_decision undone ON undone.id = decision.undoes_id"
    )
    return {key: Word(*row) for key, *row in cursor.fetchall()}


def _number(cursor, query: str) -> int:
    cursor.execute(query)
    return int(cursor.fetchone()[0])


def as_json(damage: Damage) -> str:
    """Return the outcome for a log."""
    return json.dumps(asdict(damage))
