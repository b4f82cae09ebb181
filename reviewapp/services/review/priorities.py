"""What an open item's reasons are worth, told from where each reason came from."""

from collections.abc import Sequence

from reviewapp.choices import ReviewReason
from reviewapp.domain.checks import SECOND_OPINION_PRIORITY
from reviewapp.domain.priority import (
    APPEALED,
    AUDIT,
    REPORTED,
    ExpectedCost,
    expected_cost,
    p_wrong,
)
from reviewapp.domain.routing import MODELS_REASONS
from reviewapp.models import ReviewItem, Route, SuspectLabel
from reviewapp.selectors.measures import expected_cost_of
from reviewapp.services.policies import costs

_GIVEN = {
    ReviewReason.SELLER_APPEAL: APPEALED,
    ReviewReason.BUYER_REPORT: REPORTED,
    ReviewReason.AUDIT: AUDIT,
    ReviewReason.SECOND_OPINION: SECOND_OPINION_PRIORITY,
    ReviewReason.GOLD: SECOND_OPINION_PRIORITY,
}


def cost_of_doubt(route: Route) -> ExpectedCost:
    """Return the expected cost of the doubts that `route` sent to review."""
    fusion = route.prediction
    return expected_cost_of(
        probability=p_wrong(fusion.confidence if fusion else None),
        category=fusion.category if fusion else None,
        reasons=[ReviewReason(reason) for reason in route.reasons],
        costs=costs(route.policy),
    )


def set_priority(*, item: ReviewItem, reasons: Sequence[str]) -> None:
    """Give `item` `reasons`, not none, and the priority of the most urgent of them. Saves nothing."""
    given = [_given(item, reason) for reason in set(reasons) - MODELS_REASONS]
    item.reasons = list(reasons)
    item.priority, item.expected_cost = max(given, default=0.0), None
    if MODELS_REASONS.isdisjoint(reasons):
        return
    # Without its route a product in doubt counts as one that no model has an answer to.
    doubt = cost_of_doubt(item.route) if item.route else expected_cost(1.0, None, None, None)
    if doubt.priority >= item.priority:
        item.priority, item.expected_cost = doubt.priority, doubt.as_json()


def _given(item: ReviewItem, reason: str) -> float:
    if reason != ReviewReason.SUSPECT_LABEL:
        return _GIVEN[ReviewReason(reason)]
    suspect = SuspectLabel.objects.filter(item=item).order_by("-pk").first()
    return suspect.doubt if suspect else AUDIT
