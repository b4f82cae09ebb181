"""Reading checks of people's answers: known answers, disagreements, questions, rechecks."""

from reviewapp.selectors.checks.known_answers import (
    Record,
    is_right_answer,
    is_second_look,
    known_answers_of,
    missed,
    record_of,
)

__all__ = [
    "Record",
    "is_right_answer",
    "is_second_look",
    "known_answers_of",
    "missed",
    "record_of",
]
