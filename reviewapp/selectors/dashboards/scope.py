"""What part of the roll-ups a dashboard shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from reviewapp.choices import DelayStep, GroupKind
from reviewapp.domain.costs import Costs
from reviewapp.models import AnswerTally, DelayTally, ReportTally, RouteTally


# No slots: what several figures need is read once.
@dataclass(frozen=True)
class Scope:
    """first, last: days, both included. category: a code; seller: a group's name; empty for all.

    model: primary key of a ModelVersion; hours: the service level's limit, a power of two; costs:
    of the policy in force
    """

    first: date
    last: date
    model: int | None = None
    category: str = ""
    seller: str = ""
    hours: int = 16
    costs: Costs = field(default_factory=Costs)

    def moments(self) -> tuple[datetime, datetime]:
        """Return when the period begins and ends by the site's clock."""
        after, zone = self.last + timedelta(days=1), timezone.get_current_timezone()
        return datetime.combine(self.first, time(), zone), datetime.combine(after, time(), zone)

    def routes(self) -> QuerySet[RouteTally]:
        """Each route once."""
        return RouteTally.objects.filter(**self._filters())

    def delays(self) -> QuerySet[DelayTally]:
        """Each product once per step."""
        return DelayTally.objects.filter(**self._filters())

    @cached_property
    def histograms(self) -> Mapping[tuple[date, str], Counter[int]]:
        """Products by bucket, for each arrival day and step, in order of days.

        One row for each comes from the database: of thousands, reading them takes longer than
        finding them.
        """
        columns = self.delays().values_list("day", "step")
        rows = columns.annotate(b=ArrayAgg("bucket"), n=ArrayAgg("products")).order_by(
            "day", "step"
        )
        found = {}
        for day, step, buckets, products in rows:
            found[day, step] = own = Counter[int]()
            for bucket, number in zip(buckets, products, strict=True):
                own[bucket] += number
        return found

    def steps(self) -> Mapping[str, Counter[int]]:
        """Products of the whole period by bucket, for each step."""
        steps: dict[str, Counter[int]] = defaultdict(Counter)
        for (_day, step), buckets in self.histograms.items():
            steps[step].update(buckets)
        return steps

    @cached_property
    def listed(self) -> Mapping[date, Counter[int]]:
        """Products by bucket of their way into the shop, for each arrival day."""
        return self._of(DelayStep.LISTED)

    @cached_property
    def routed(self) -> dict[date, int]:
        """Products of each arrival day that were routed, in order of days."""
        return {day: buckets.total() for day, buckets in self._of(DelayStep.ROUTED).items()}

    def _of(self, wanted: DelayStep) -> dict[date, Counter[int]]:
        return {day: one for (day, step), one in self.histograms.items() if step == wanted}

    def answers(self) -> QuerySet[AnswerTally]:
        """Each first answer once."""
        return AnswerTally.objects.filter(**self._filters())

    def reports(self) -> QuerySet[ReportTally]:
        """Each buyer's report once."""
        return ReportTally.objects.filter(**self._filters())

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

    def _filters(self) -> dict[str, Any]:
        kind, group = self._group()
        filters: dict[str, Any] = {
            "kind": kind,
            "group": group,
            "day__range": (self.first, self.last),
        }
        if self.model is not None:
            filters["model_version"] = self.model
        return filters

    def _group(self) -> tuple[GroupKind, str]:
        if self.category and self.seller:
            return GroupKind.PAIR, f"{self.category}/{self.seller}"
        if self.category:
            return GroupKind.CATEGORY, self.category
        return (GroupKind.SELLER, self.seller) if self.seller else (GroupKind.ALL, "")


def steps_so_far() -> Mapping[str, Counter[int]]:
    """Products of all days, models and groups by bucket, for each step."""
    steps: dict[str, Counter[int]] = defaultdict(Counter)
    everything = DelayTally.objects.filter(kind=GroupKind.ALL, group="")
    sums = everything.values_list("step", "bucket").annotate(n=Sum("products"))
    for step, bucket, products in sums.order_by():
        steps[step][bucket] = products
    return steps
