"""Reading checks of people's answers: known answers, disagreements, questions, rechecks."""

from reviewapp.selectors.checks.known_answers import (
    Record,
    is_right_answer,
    is_second_look,
    is_upheld,
    known_answers_of,
    known_answers_of_all,
    missed,
    record_of,
)

__all__ = [
    "Record",
    "is_right_answer",
    "is_second_look",
    "is_upheld",
    "known_answers_of",
    "known_answers_of_all",
    "missed",
    "record_of",
]
