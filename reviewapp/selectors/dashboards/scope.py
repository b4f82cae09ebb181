"""What part of the roll-ups a dashboard shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from reviewapp.choices import GroupKind
from reviewapp.models import DelayTally, RouteTally


@dataclass(frozen=True, slots=True)
class Scope:
    """first, last: days, both included. category: a code; seller: a group's name; at most one of both.

    model: primary key of a ModelVersion; hours: the service level's limit, a power of two
    """

    first: date
    last: date
    model: int | None = None
    category: str = ""
    seller: str = ""
    hours: int = 16

    def routes(self) -> QuerySet[RouteTally]:
        """Each route once; all of them under their category, as the page Quality counts them."""
        return RouteTally.objects.filter(**self._filters(GroupKind.CATEGORY))

    def delays(self) -> QuerySet[DelayTally]:
        """Each product once per step; all of them under the few groups of sellers."""
        return DelayTally.objects.filter(**self._filters(GroupKind.SELLER))

    def _filters(self, whole: GroupKind) -> dict[str, Any]:
        filters: dict[str, Any] = {"kind": whole, "day__range": (self.first, self.last)}
        if self.model is not None:
            filters["model_version"] = self.model
        if self.category:
            filters |= {"kind": GroupKind.CATEGORY, "group": self.category}
        elif self.seller:
            filters |= {"kind": GroupKind.SELLER, "group": self.seller}
        return filters
