"""Predictions: claiming waiting products, recording what the models say, giving up in bounds.

Locks are always taken in the order request, product, review item, each by rising id.
"""

from reviewapp.services.predictions.claims import (
    Claim,
    claim_requests,
    claim_retry,
    request_missing,
)
from reviewapp.services.predictions.failures import (
    ask_again,
    end_dead_leases,
    fail_waiting,
    record_failure,
)
from reviewapp.services.predictions.results import (
    Answered,
    Recorded,
    record_again,
    record_results,
)

__all__ = [
    "Answered",
    "Claim",
    "Recorded",
    "ask_again",
    "claim_requests",
    "claim_retry",
    "end_dead_leases",
    "fail_waiting",
    "record_again",
    "record_failure",
    "record_results",
    "request_missing",
]
