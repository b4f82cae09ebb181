"""Reading for the review desk: the card, the queue's state, past decisions, the taxonomy."""

from reviewapp.selectors.review.card import Card, card, held_item_id
from reviewapp.selectors.review.explanation import Moved, explanation_of, moved
from reviewapp.selectors.review.history import (
    decisions_of,
    decisions_on,
    fusion_confidence,
    is_blind_now,
    latest_undoable,
    undoable_ids,
)
from reviewapp.selectors.review.neighbours import Neighbourhood, neighbourhood
from reviewapp.selectors.review.queue import COUNT_UP_TO, QueueState, queue_state
from reviewapp.selectors.review.taxonomy import guides

__all__ = [
    "COUNT_UP_TO",
    "Card",
    "Moved",
    "Neighbourhood",
    "QueueState",
    "card",
    "decisions_of",
    "decisions_on",
    "explanation_of",
    "fusion_confidence",
    "guides",
    "held_item_id",
    "is_blind_now",
    "latest_undoable",
    "moved",
    "neighbourhood",
    "queue_state",
    "undoable_ids",
]
