"""How urgent a review item is: higher comes first. Pure.

Doubtful products lie in 0..1 by how likely they are wrong; what people asked for comes first.
"""

from reviewapp.choices import ReviewReason

# A colleague is stuck and waits for a lead's answer.
ESCALATED = 3.0
# A buyer has seen something wrong: ahead of every mere doubt.
REPORTED = 2.0
# Without any answer nothing can be listed, so nobody can buy it.
UNANSWERED = 1.0
# Audits measure; they may wait behind products that nobody can see yet.
AUDIT = 0.1


def initial_priority(reasons: tuple[ReviewReason, ...], confidence: float | None) -> float:
    """Return the priority of a freshly routed product from FUSION's confidence, 0..1 or None."""
    if ReviewReason.AUDIT in reasons:
        return AUDIT
    if confidence is None:
        return UNANSWERED
    return min(max(1.0 - confidence, 0.0), UNANSWERED)
