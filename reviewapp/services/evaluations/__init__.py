"""Measuring model versions on test splits, and judging candidates by what was measured."""

from reviewapp.services.evaluations.gates import judge, request_gate
from reviewapp.services.evaluations.jobs import (
    EvaluationHold,
    EvaluationRefused,
    claim_evaluation,
    finish_evaluation,
    keep_chunk,
    request_evaluation,
)

__all__ = [
    "EvaluationHold",
    "EvaluationRefused",
    "claim_evaluation",
    "finish_evaluation",
    "judge",
    "keep_chunk",
    "request_evaluation",
    "request_gate",
]
