"""Checks of people's answers: opened beside decisions, settled by them, withdrawn by an undo.

Each function runs inside the caller's transaction, with the product locked; but `offer_known_answer`
and `withdraw_forgotten`, which workers call, are whole in themselves.
"""

from reviewapp.services.checks.disputes import DisputeRefused, dispute
from reviewapp.services.checks.known_answers import (
    add_known_answer,
    draw_known_answer,
    known_answer_if_unanimous,
    offer_known_answer,
    retire_known_answer,
)
from reviewapp.services.checks.opening import (
    has_colleague,
    is_drawn_blind,
    open_second_opinion,
)
from reviewapp.services.checks.settling import (
    is_check,
    pass_on,
    release_stale,
    settle_check,
    undo_pass_on,
)
from reviewapp.services.checks.withdrawing import (
    has_real_successor,
    take_back_check,
    withdraw_checks_of,
    withdraw_checks_on,
    withdraw_forgotten,
    withdraw_recheck,
)

__all__ = [
    "DisputeRefused",
    "add_known_answer",
    "dispute",
    "draw_known_answer",
    "has_colleague",
    "has_real_successor",
    "is_check",
    "is_drawn_blind",
    "known_answer_if_unanimous",
    "offer_known_answer",
    "open_second_opinion",
    "pass_on",
    "release_stale",
    "retire_known_answer",
    "settle_check",
    "take_back_check",
    "undo_pass_on",
    "withdraw_checks_of",
    "withdraw_checks_on",
    "withdraw_forgotten",
    "withdraw_recheck",
]
