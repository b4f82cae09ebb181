"""The expected cost of leaving a product where it is, from what has been measured so far."""

from collections.abc import Sequence

from django.db.models import Q

from reviewapp.choices import EstimateSource, Measured, ReviewReason
from reviewapp.domain import priority
from reviewapp.domain.costs import Costs
from reviewapp.domain.priority import Estimate, ExpectedCost
from reviewapp.models import Category, QueueMeasure


def expected_cost_of(
    *,
    probability: float,
    category: Category | None,
    reasons: Sequence[ReviewReason],
    costs: Costs,
) -> ExpectedCost:
    """Return the expected cost of a product that is wrong with `probability`, 0..1.

    category: where it would be listed; None when no model has an answer. costs: of the policy
    """
    known = _Known(category)
    weight = costs.weight(category.code) if category else None
    return priority.expected_cost(
        probability, weight, known.get(Measured.VIEWS), known.seconds(reasons)
    )


class _Known:
    """The measures of one category's family, and those of all families together."""

    def __init__(self, category: Category | None) -> None:
        self.family = category.family_id if category else None
        rows = QueueMeasure.objects.filter(Q(family=self.family) | Q(family=None))
        self.rows = {(row.kind, row.family_id, row.reason): row for row in rows}

    def get(self, kind: Measured, reason: str = "") -> Estimate | None:
        """Return the family's measure or, while that rests on too little, the one of all."""
        for family in (self.family, None):
            row = self.rows.get((kind, family, reason))
            if row is not None and row.count >= priority.ENOUGH:
                return Estimate(row.value, EstimateSource.MEASURED, row.count)
        return None

    def seconds(self, reasons: Sequence[ReviewReason]) -> Estimate | None:
        found = [self.get(Measured.SECONDS, reason) for reason in reasons]
        return priority.longest([estimate for estimate in found if estimate]) or self.get(
            Measured.SECONDS
        )
