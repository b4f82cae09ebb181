"""A product's whole past: each decision with what its author saw, and what became of it."""

from dataclasses import dataclass
from typing import Any

from reviewapp.choices import MemberChoice, ReviewReason
from reviewapp.models import Decision, Prediction, Product, RoutingPolicy
from reviewapp.selectors.review.history import decisions_on


@dataclass(slots=True)
class Event:
    """A decision on a product.

    confidence: FUSION's, in the answer that was or was not shown; policy: which sent the product
    to review; checks: the answer that this one is the second opinion to; checked_by: the other way
    """

    decision: Decision
    confidence: float | None
    policy: RoutingPolicy | None
    checks: Decision | None = None
    checked_by: Decision | None = None

    @property
    def is_answer(self) -> bool:
        return self.decision.category_id is not None

    @property
    def is_agreed(self) -> bool:
        """True when the second opinion names the same category."""
        other = self.checks or self.checked_by
        return other is not None and other.category_id == self.decision.category_id


def past_of(*, product: Product) -> list[Event]:
    """Return every decision on `product`, newest first."""
    confidences = _confidences(product)
    events = [
        Event(
            decision,
            confidences.get((decision.model_version_id, decision.suggested_category_id)),
            decision.item.route.policy if decision.item.route else None,
        )
        for decision in decisions_on(product=product)
    ]
    for event in events:
        first = _first(event, events)
        if first is not None:
            event.checks = first.decision
            first.checked_by = event.decision
    return events


def _first(second: Event, events: list[Event]) -> Event | None:
    """The answer that `second` checks."""
    decision = second.decision
    if ReviewReason.SECOND_OPINION not in decision.reasons or not second.is_answer:
        return None
    return next((one for one in events if one.decision.pk == decision.item.checks_id), None)


def _confidences(product: Product) -> dict[tuple[Any, Any], float | None]:
    rows = Prediction.objects.filter(product=product, member=MemberChoice.FUSION).order_by("pk")
    return {
        (version, category): confidence
        for version, category, confidence in rows.values_list(
            "model_version_id", "category_id", "confidence"
        )
    }
