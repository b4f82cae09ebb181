"""The gate's numbers, each in its own unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from babel.numbers import format_decimal
from django import template
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from reviewapp.choices import GateTest
from reviewapp.domain.gate_result import GateResult
from reviewapp.templatetags.measures import points, share

register = template.Library()

# No chance is zero; with three digits it would look so.
_LEAST_CHANCE: Final = 0.001


@register.filter
def gate_number(value: float | None, result: GateResult) -> str:
    """Write a number of one test in the test's unit; "–" without one."""
    return "–" if value is None else _UNITS[result.test](value)


@register.filter
def gate_old(value: float, result: GateResult) -> str:
    """Write the champion's own number, which is a rate where the test's is a difference."""
    return share(value) if result.test == GateTest.MACRO_F1 else gate_number(value, result)


@register.filter
def gate_rule(result: GateResult) -> str:
    """Write what a test's number must be, beside its threshold."""
    if result.test == GateTest.COST:
        return _("p ≤ %(number)s") % {"number": _decimal(result.threshold, "0.000")}
    if result.test == GateTest.GAPS:
        return _("not surely above 0")
    bound = gate_number(result.threshold, result)
    is_least = result.test in (GateTest.MACRO_F1, GateTest.CATEGORIES)
    return _("above %(bound)s") % {"bound": bound} if is_least else f"≤ {bound}"


def _decimal(value: float, pattern: str) -> str:
    return str(format_decimal(value, pattern, to_locale(get_language() or "en")))


def _chance(value: float) -> str:
    if value < _LEAST_CHANCE:
        return _("p < %(number)s") % {"number": _decimal(_LEAST_CHANCE, "0.000")}
    return _("p = %(number)s") % {"number": _decimal(value, "0.000")}


@register.filter
def milliseconds(value: float | None) -> str:
    """Write a time of milliseconds in whole ones; "–" without one."""
    return "–" if value is None else f"{_decimal(value, '#,##0')} ms"


@register.filter
def times(value: float) -> str:
    """Write a multiple."""
    return f"{_decimal(value, '0.0')} ×"


_UNITS: Final[dict[GateTest, Callable[[float], str]]] = {
    GateTest.MACRO_F1: points,
    GateTest.COST: _chance,
    GateTest.CATEGORIES: points,
    GateTest.NEGATIVE_FLIPS: share,
    GateTest.CALIBRATION: share,
    GateTest.LATENCY: milliseconds,
    GateTest.FAIRNESS: times,
    GateTest.GAPS: points,
}
