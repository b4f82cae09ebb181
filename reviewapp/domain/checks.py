"""Checks of people's answers: how often, on whom, and what they settle. Pure.

Every draw is a keyed hash, so that a repeated request draws the same, and nobody who reads an
item's number in the page can tell that it will be checked.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reviewapp.choices import AdjudicationCause, ReviewReason
from reviewapp.domain.intervals import share

# On the scale of doubts (`domain.priority`): soon enough that a wrong label does not live long.
SECOND_OPINION_PRIORITY: Final = 0.5
# Answers of somebody who is known to err are as good as certainly wrong.
RECHECK_PRIORITY: Final = 1.0
# Reserved for one person, so that it holds up nobody else.
KNOWN_ANSWER_PRIORITY: Final = 2.5
# With half of the answers in doubt, as with all of them, known answers come at the full rate.
_DOUBT_OF_FULL_RATE: Final = 0.5
# So many of a person's last known answers tell how careful he or she is now.
LAST_KNOWN_ANSWERS: Final = 100
# So many careful people against a known answer are as many as have usually made it.
CAREFUL_MISSES: Final = 2
# Lower bound of the accuracy from which somebody's misses speak against the known answer: 9 of 9,
# or 19 of 22.
_CAREFUL: Final = 0.66
# A fault of the product or of the rules is nobody's, and makes no fair question.
_FAIR: Final = frozenset({AdjudicationCause.SLIP, AdjudicationCause.MODEL_MISLED})


class Draw(Enum):
    """What is drawn for an item; each draw is independent of the others."""

    BLIND = "blind"
    IN_SIGHT = "in_sight"
    KNOWN_ANSWER = "known_answer"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares, 0..1. second_opinions: of items, which are all blind; in_sight: of answers given with
    the models' in sight; known_answers: of decisions, for somebody unknown; floor: for the best"""

    blind: float
    second_opinions: float
    in_sight: float
    known_answers: float
    known_answers_floor: float


def draw(what: Draw, number: int, key: str) -> float:
    """Return a number in [0, 1), uniform over `number`s, always the same for the same three.

    HMAC-SHA-256 under `key`, which moderators do not know.
    """
    message = f"checks:{what.value}:{number}".encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    # 53 bits: every float below 1 that a double can hold evenly spaced.
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def is_blind_lot(lot: float, rates: Rates, *, has_answer: bool) -> bool:
    """Say whether an item with this lot (BLIND, in [0, 1)) is answered before any suggestion.

    What will be double-labelled is, or the first of the two answers would be no witness of its own;
    it lies within the blind share, so that no card tells which of both it is. Other items without
    an answer of FUSION (has_answer) have nothing to hide.
    """
    return lot < rates.second_opinions or (has_answer and lot < rates.blind)


def known_answer_rate(hits: int, sample: int, rates: Rates) -> float:
    """Return the share of a moderator's decisions after which a known answer is slipped in.

    Falls from `known_answers` to `known_answers_floor` as the lower bound (Wilson, 95 %) of the
    measured accuracy rises: who has shown care is bothered less, but never left unmeasured.
    """
    floor = min(rates.known_answers_floor, rates.known_answers)
    doubt = 1.0 - (share(hits, sample).low if sample else 0.0)
    return floor + (rates.known_answers - floor) * min(doubt / _DOUBT_OF_FULL_RATE, 1.0)


def reasons_after(present: list[ReviewReason], added: list[ReviewReason]) -> list[ReviewReason]:
    """Return an open item's reasons when `added` join: a check then is an ordinary case.

    Whoever answers it decides the product anew, and is compared with nobody.
    """
    checks = {ReviewReason.SECOND_OPINION, ReviewReason.GOLD}
    kept = present if set(added) & checks else [one for one in present if one not in checks]
    return list(dict.fromkeys([*kept, *added]))


def reasons_of_word(first: list[str]) -> list[str]:
    """Return the reasons of a lead's decision, from the first answer's: a lead's word checks nobody."""
    checks = {ReviewReason.SECOND_OPINION, ReviewReason.GOLD}
    return [reason for reason in first if reason not in checks]


def is_careful(hits: int, sample: int) -> bool:
    """Say whether so many right known answers show care (Wilson, lower bound of 95 %)."""
    return sample > 0 and share(hits, sample).low >= _CAREFUL


def is_fair_question(cause: AdjudicationCause) -> bool:
    """Say whether an adjudicated product may serve as a known answer."""
    return cause in _FAIR


def is_dispute_upheld(cause: AdjudicationCause, *, is_same_category: bool) -> bool:
    """A known answer falls when a lead decides otherwise, or finds that it was no fair question."""
    return not is_same_category or not is_fair_question(cause)
