"""Review: opening a product's one case, and handing it out by lease.

Deciding it is in `reviewapp.services.decisions`. Locks are always taken in the order product,
review item, labels and reports.
"""

from reviewapp.services.review.claims import TooManyHeld, claim_next
from reviewapp.services.review.leases import (
    extend_claims,
    forget_skips,
    give_up,
    is_free,
    lease_end,
    leave_items,
    release_all,
    take_over,
)
from reviewapp.services.review.opening import open_item
from reviewapp.services.review.priorities import cost_of_doubt, set_priority

__all__ = [
    "TooManyHeld",
    "claim_next",
    "cost_of_doubt",
    "extend_claims",
    "forget_skips",
    "give_up",
    "is_free",
    "lease_end",
    "leave_items",
    "open_item",
    "release_all",
    "set_priority",
    "take_over",
]
