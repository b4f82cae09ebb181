"""Reading for the review desk: the card, the queue's state, past decisions, the taxonomy."""

from reviewapp.selectors.review.card import Card, card, held_item_id, models_said
from reviewapp.selectors.review.explanation import Moved, explanation_of, moved
from reviewapp.selectors.review.held import LostClaim, held_by_colleagues, lost_claim
from reviewapp.selectors.review.history import (
    decisions_of,
    fusion_confidence,
    is_blind_now,
    latest_undoable,
    undoable_ids,
)
from reviewapp.selectors.review.neighbours import Neighbourhood, neighbourhood
from reviewapp.selectors.review.provenance import Event, past_of
from reviewapp.selectors.review.queue import (
    COUNT_UP_TO,
    OutOfReach,
    QueueState,
    out_of_reach,
    queue_state,
)
from reviewapp.selectors.review.taxonomy import guides, personal_guides
from reviewapp.selectors.review.work import Asked, Confused, asked_leads, often_confused

__all__ = [
    "COUNT_UP_TO",
    "Asked",
    "Card",
    "Confused",
    "Event",
    "LostClaim",
    "Moved",
    "Neighbourhood",
    "OutOfReach",
    "QueueState",
    "asked_leads",
    "card",
    "decisions_of",
    "explanation_of",
    "fusion_confidence",
    "guides",
    "held_by_colleagues",
    "held_item_id",
    "is_blind_now",
    "latest_undoable",
    "lost_claim",
    "models_said",
    "moved",
    "neighbourhood",
    "often_confused",
    "out_of_reach",
    "past_of",
    "personal_guides",
    "queue_state",
    "undoable_ids",
]
