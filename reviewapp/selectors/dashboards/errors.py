"""Which categories FUSION mistakes for which, and what that costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from reviewapp.models import Category, CategoryConfusion
from reviewapp.selectors.dashboards.panel import Column, Link, Panel
from reviewapp.selectors.dashboards.scope import Scope

_MOST = 25
_EXAMPLES = 3


@dataclass(slots=True)
class Pair:
    """A mistake. earlier, later: in the first and second half of the period. cost: of wrong listings"""

    predicted: Category
    said: Category
    answers: int
    listings: float
    later: int
    cost: float
    question: str = ""
    examples: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.predicted} → {self.said}"

    @property
    def trend(self) -> int:
        """How many more were found in the second half of the period than in the first."""
        return self.later - (self.answers - self.later)


def errors_by_frequency(scope: Scope, now: datetime) -> Panel:
    """Pairs by how often people found them."""
    pairs = sorted(_pairs(scope), key=lambda one: -one.answers)
    return _panel(_("Mistakes by frequency"), scope, pairs, "answers", _("Found by people"))


def errors_by_cost(scope: Scope, now: datetime) -> Panel:
    """Pairs by what their wrong listings cost, as audits estimate it."""
    pairs = sorted((one for one in _pairs(scope) if one.cost), key=lambda one: -one.cost)
    return _panel(_("Mistakes by cost"), scope, pairs, "cost", _("Cost of wrong listings"))


def _panel(title: str, scope: Scope, pairs: list[Pair], by: str, label: str) -> Panel:
    shown = pairs[:_MOST]
    _explain(scope, shown)
    top = shown[:10]
    return Panel(
        title=title,
        words=[
            _("What the models said → what a person said. Wrong listings are estimated from blind audits, their cost from the policy in force; the trend is the second half of the period less the first.")
        ],
        columns=[
            Column("pair", _("Mistake")),
            Column("answers", _("Found by people"), "count"),
            Column("listings", _("Wrong listings, estimated"), "amount"),
            Column("cost", _("Cost of wrong listings"), "money"),
            Column("trend", _("Trend"), "change"),
            Column("question", _("Deciding question"), "words"),
            Column("examples", _("Examples"), "links"),
        ],
        rows=[
            (one.name, one.answers, one.listings, one.cost, one.trend, one.question, _links(one))
            for one in shown
        ],
        chart={
            "x": {"type": "category"},
            "y": {"title": label, "from": 0},
            "series": [
                {
                    "kind": "bar",
                    "name": label,
                    "x": [f"{one.predicted.code} → {one.said.code}" for one in top],
                    "y": [getattr(one, by) for one in top],
                    "tone": "danger",
                }
            ],
        },
        empty=_("No mistake was found in this period."),
    )  # fmt: skip


def _pairs(scope: Scope) -> list[Pair]:
    categories = Category.objects.in_bulk()
    return [
        Pair(
            predicted=categories[one["predicted"]],
            said=categories[one["said"]],
            answers=one["n"],
            listings=one["listed"],
            later=one["later"],
            cost=one["listed"] * scope.costs.wrong_in(categories[one["predicted"]].code),
        )
        for one in scope.mistakes
    ]


def _explain(scope: Scope, pairs: Sequence[Pair]) -> None:
    """Add the deciding questions and the newest examples."""
    ids = {one.predicted.pk for one in pairs} | {one.said.pk for one in pairs}
    questions = {
        frozenset((one.category_id, one.neighbour_id)): one.question
        for one in CategoryConfusion.objects.filter(category__in=ids, neighbour__in=ids)
    }
    examples: dict[tuple[int, int], list[int]] = defaultdict(list)
    rows = scope.answers().filter(predicted__in=ids, said__in=ids, example__isnull=False)
    newest: Any = rows.values_list("predicted", "said", "day").annotate(last=Max("example"))
    for predicted, said, _day, last in newest.order_by("-day"):
        own = examples[predicted, said]
        if len(own) < _EXAMPLES and last not in own:
            own.append(last)
    for one in pairs:
        one.question = questions.get(frozenset((one.predicted.pk, one.said.pk)), "")
        one.examples = examples[one.predicted.pk, one.said.pk]


def _links(pair: Pair) -> tuple[Link, ...]:
    return tuple(
        Link(str(product), reverse("review:provenance", args=[product]))
        for product in pair.examples
    )
