"""What part of the roll-ups a dashboard shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from reviewapp.choices import DelayStep, GroupKind
from reviewapp.domain.costs import Costs
from reviewapp.models import AnswerTally, DelayTally, ReportTally, RouteTally


# No slots: what several figures need is read once.
@dataclass(frozen=True)
class Scope:
    """first, last: days, both included. category: a code; seller: a group's name; at most one of both.

    model: primary key of a ModelVersion; hours: the service level's limit, a power of two; costs: of the policy in force
    """

    first: date
    last: date
    model: int | None = None
    category: str = ""
    seller: str = ""
    hours: int = 16
    costs: Costs = field(default_factory=Costs)

    def routes(self) -> QuerySet[RouteTally]:
        """Each route once; all of them under their category, as the page Quality counts them."""
        return RouteTally.objects.filter(**self._filters(GroupKind.CATEGORY))

    def delays(self) -> QuerySet[DelayTally]:
        """Each product once per step; all of them under the few groups of sellers."""
        return DelayTally.objects.filter(**self._filters(GroupKind.SELLER))

    @cached_property
    def histograms(self) -> Mapping[tuple[date, str], Counter[int]]:
        """Products by bucket, for each arrival day and step."""
        found: dict[tuple[date, str], Counter[int]] = defaultdict(Counter)
        rows = self.delays().values_list("day", "step", "bucket")
        for day, step, bucket, products in rows.annotate(n=Sum("products")).order_by():
            found[day, step][bucket] = products
        return found

    @cached_property
    def routed(self) -> dict[date, int]:
        """Products of each arrival day that were routed, in order of days."""
        return {
            day: histogram.total()
            for (day, step), histogram in sorted(self.histograms.items())
            if step == DelayStep.ROUTED
        }

    def answers(self) -> QuerySet[AnswerTally]:
        """Each first answer once; all of them under the few groups of sellers."""
        return AnswerTally.objects.filter(**self._filters(GroupKind.SELLER))

    def reports(self) -> QuerySet[ReportTally]:
        """Each buyer's report once; all of them under the few groups of sellers."""
        return ReportTally.objects.filter(**self._filters(GroupKind.SELLER))

    @cached_property
    def mistakes(self) -> Sequence[Mapping[str, Any]]:
        """By pair of predicted and said (primary keys): answers, listings they stand for, and later,
        the answers of the period's second half."""
        middle = self.first + (self.last - self.first) / 2
        pairs = self.answers().exclude(predicted=F("said")).values("predicted", "said")
        sums = pairs.annotate(
            n=Sum("answers"),
            listed=Sum("listings"),
            later=Sum("answers", filter=Q(day__gt=middle), default=0),
        )
        return list(sums.order_by("predicted", "said"))

    def _filters(self, whole: GroupKind) -> dict[str, Any]:
        filters: dict[str, Any] = {"kind": whole, "day__range": (self.first, self.last)}
        if self.model is not None:
            filters["model_version"] = self.model
        if self.category:
            filters |= {"kind": GroupKind.CATEGORY, "group": self.category}
        elif self.seller:
            filters |= {"kind": GroupKind.SELLER, "group": self.seller}
        return filters
