"""What routing saved or lost, from counts, audits and the costs of the policy in force."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Q, Sum, When
from django.utils.translation import gettext as _

from reviewapp.choices import AuditStratum
from reviewapp.domain.intervals import share
from reviewapp.domain.live_error import ENOUGH
from reviewapp.domain.value import Routed, Shares, Way, as_routed, by_people, flat
from reviewapp.selectors import quality
from reviewapp.selectors.dashboards.panel import Column, Panel
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.selectors.policies import FLAT
from reviewapp.templatetags.measures import amount, money
from reviewapp.templatetags.measures import share as percent


def value(scope: Scope, now: datetime) -> Panel:
    """The period as it was routed, beside all of it by people and beside a flat threshold."""
    _days, whole = quality.days_of(scope.routes(), now.date())
    error = whole.error
    routed, sample = _routed(scope), _sample(scope)
    shares = _shares(sample, error) if error else None
    rows, words = [], []
    if shares is not None:
        damage = _damage(scope)
        ways = [
            (_("as routed"), as_routed(routed, shares, scope.costs, damage)),
            (_("all by people"), by_people(routed, scope.costs, damage)),
            (_("flat %(share)s") % {"share": percent(FLAT)}, flat(routed, shares, scope.costs, damage)),
        ]  # fmt: skip
        rows = [_row(name, way, ways[0][1]) for name, way in ways]
        words = _words(ways[0][1], ways[1][1], ways[2][1])
    return Panel(
        title=_("Value"),
        words=words,
        columns=[
            Column("way", _("Way of routing")),
            Column("listings", _("Automatic listings"), "count"),
            Column("wrong", _("Of these wrong"), "amount"),
            Column("wrong_low", _("At least"), "amount"),
            Column("wrong_high", _("At most"), "amount"),
            Column("minutes", _("Minutes of people"), "amount"),
            Column("money", _("Cost"), "money"),
            Column("money_low", _("At least"), "money"),
            Column("money_high", _("At most"), "money"),
            Column("saved", _("Saved by routing as it was"), "money"),
        ],
        rows=rows,
        chart={
            "x": {"type": "category"},
            "y": {"title": _("Cost"), "from": 0},
            "series": [
                {
                    "kind": "bar",
                    "name": _("Cost"),
                    "x": [row[0] for row in rows],
                    "y": [row[6] for row in rows],
                    "tone": "accent",
                }
            ],
        },
        empty=_("Not enough yet: what was saved takes %(enough)s answered audits and as many answered reviews.")
        % {"enough": ENOUGH},
    )  # fmt: skip


def _row(name: str, way: Way, own: Way) -> list[Any]:
    return [
        name, round(way.listings), way.wrong.value, way.wrong.low, way.wrong.high, way.minutes,
        way.money.value, way.money.low, way.money.high, way.money.value - own.money.value,
    ]  # fmt: skip


def _words(own: Way, people: Way, threshold: Way) -> list[str]:
    return [
        _("%(minutes)s minutes of people were saved, and %(money)s against people alone (between %(low)s and %(high)s by what audits leave open).")
        % {
            "minutes": amount(people.minutes - own.minutes),
            "money": money(people.money.value - own.money.value),
            "low": money(people.money.value - own.money.high),
            "high": money(people.money.value - own.money.low),
        },
        _("Against a flat threshold of %(flat)s: %(money)s.")
        % {"flat": percent(FLAT), "money": money(threshold.money.value - own.money.value)},
        _("A negative amount is a loss. Costs are those of the policy in force; wrong listings are estimated from blind audits."),
    ]  # fmt: skip


def _routed(scope: Scope) -> Routed:
    is_listed = ~Q(stratum=AuditStratum.REVIEW)
    sums = scope.routes().aggregate(
        all=Sum("routed", default=0),
        listed=Sum("routed", filter=is_listed, default=0),
        drawn=Sum("drawn", filter=is_listed, default=0),
    )
    return Routed(sums["listed"], sums["all"] - sums["listed"], sums["drawn"])


def _sample(scope: Scope) -> Counter[tuple[str, bool, bool, bool]]:
    """Count answers and the listings they stand for by listed, above the flat threshold and wrong."""
    counts: Counter[tuple[str, bool, bool, bool]] = Counter()
    is_wrong = Case(When(predicted=F("said"), then=False), default=True)
    rows = scope.answers().values_list("is_listed", "is_above", is_wrong)
    for *key, answers, listings in rows.annotate(n=Sum("answers"), w=Sum("listings")).order_by():
        counts["n", *key] = answers
        counts["w", *key] = listings
    return counts


def _shares(counts: Counter[tuple[str, bool, bool, bool]], error: Any) -> Shares | None:
    def total(what: str, is_listed: bool, *, above: bool | None = None) -> float:
        return sum(
            count
            for (kind, listed, is_above, _wrong), count in counts.items()
            if (kind, listed) == (what, is_listed) and above in (None, is_above)
        )

    audits, reviews = int(total("n", True)), int(total("n", False))
    if audits < ENOUGH or reviews < ENOUGH:
        return None
    weight = total("w", True)
    return Shares(
        error=error,
        listed_above=total("w", True, above=True) / weight,
        below_wrong=share(audits * counts["w", True, False, True] / weight, audits),
        reviewed_above=total("n", False, above=True) / reviews,
        above_wrong=share(counts["n", False, True, True], reviews),
    )


def _damage(scope: Scope) -> float:
    """Return what a wrong listing of the period costs on average."""
    wrong = scope.answers().filter(is_listed=True).exclude(predicted=F("said"))
    rows = list(wrong.values_list("predicted__code").annotate(n=Sum("listings")).order_by())
    total = sum(n for _code, n in rows)
    return (
        sum(scope.costs.wrong_in(code) * n for code, n in rows) / total
        if total
        else scope.costs.wrong
    )
