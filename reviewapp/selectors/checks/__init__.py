"""Reading checks of people's answers: known answers, disagreements, questions, rechecks."""

from reviewapp.selectors.checks.known_answers import (
    Miss,
    Record,
    is_right_answer,
    is_second_look,
    known_answers_of,
    known_answers_of_all,
    missed,
    missed_by,
    misses,
    record_of,
)

__all__ = [
    "Miss",
    "Record",
    "is_right_answer",
    "is_second_look",
    "known_answers_of",
    "known_answers_of_all",
    "missed",
    "missed_by",
    "misses",
    "record_of",
]
