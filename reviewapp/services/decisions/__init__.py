"""A moderator's answers: decide, skip, escalate, undo. Each repeats harmlessly by its client key."""

from reviewapp.services.decisions.answer import decide, escalate, skip
from reviewapp.services.decisions.refusals import (
    CategoryRetired,
    ClaimLost,
    ConflictOfInterest,
    KeyReused,
    NotInBulk,
    ProductChanged,
    UndoRefused,
)
from reviewapp.services.decisions.undo import undo

__all__ = [
    "CategoryRetired",
    "ClaimLost",
    "ConflictOfInterest",
    "KeyReused",
    "NotInBulk",
    "ProductChanged",
    "UndoRefused",
    "decide",
    "escalate",
    "skip",
    "undo",
]
