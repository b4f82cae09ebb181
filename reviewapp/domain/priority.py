"""How urgent a review item is: higher comes first. Pure.

Doubtful products lie in 0..1 by how likely they are wrong; what people asked for comes first.
"""

from reviewapp.choices import ReviewReason

# A colleague is stuck and waits for a lead's answer.
ESCALATED = 3.0
# A buyer has seen something wrong: ahead of every mere doubt.
REPORTED = 2.0
# Reports that never reached the bar, drawn by lot: they may wait like a product in doubt.
BY_LOT = 0.5
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


def reported_priority(score: float) -> float:
    """Return the priority of a case of reports from its score, from 0 on: below ESCALATED."""
    return REPORTED + (ESCALATED - REPORTED) * score / (1.0 + score)
