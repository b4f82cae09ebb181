"""Measured numbers, in the reader's language."""

import json
from collections.abc import Mapping
from typing import Any

from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from reviewapp.choices import MeasureKind
from reviewapp.domain.intervals import Interval
from reviewapp.domain.model_report import Rate
from reviewapp.models import TeamMeasure

register = template.Library()

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def _locale() -> str:
    return to_locale(get_language() or "en")


@register.filter
def as_json(value: Any) -> str:
    """Write a chart's values as JSON, for an attribute that a script reads."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def share(value: Rate | Interval | float | None) -> str:
    """Write a measured share in percent with one decimal; "–" when it was not measured.

    A percentage that decides something is `confidence_percent`'s, which rounds down.
    """
    number = value.value if isinstance(value, Rate | Interval) else value
    if number is None:
        return "–"
    return str(
        format_percent(number, "#,##0.0\u00a0%" if _locale() == "fr" else "#,##0.0%", _locale())
    )


@register.inclusion_tag("review/_measure.html")
def measure(row: TeamMeasure | None) -> dict[str, Any]:
    """Show a measure with its interval, or how many observations are missing until it may be shown."""
    if row is None or row.value is None or row.low is None or row.high is None:
        return {"value": "", "missing": row.missing if row else None}
    write = _WRITTEN.get(MeasureKind(row.kind), share)
    return {
        "value": write(row.value),
        "low": write(row.low),
        "high": write(row.high),
        "sample": row.sample,
    }


def _plain(value: float) -> str:
    return str(format_decimal(value, "0.00", _locale()))


@register.filter
def points(value: float) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    number = format_decimal(value * 100, "+0.0;−0.0", _locale())
    return _("%(number)s pts") % {"number": number}


_WRITTEN = {MeasureKind.ALPHA: _plain, MeasureKind.ANCHORING: points}


@register.filter
def interval(value: Rate | Interval | None) -> str:
    """Write the 95 % interval of a rate, empty without one; no line begins with its dash."""
    if value is None or value.low is None or value.high is None:
        return ""
    return f"{share(value.low)}\N{NO-BREAK SPACE}– {share(value.high)}"


@register.filter
def lookup(values: Mapping[Any, Any], key: Any) -> Any:
    """Return the value of a key that the template only knows as a variable; empty without one."""
    return values.get(key, "")


@register.filter
def money(value: float | None) -> str:
    """Write an amount in the operator's currency (CURRENCY)."""
    if value is None:
        return "–"
    return str(format_currency(value, settings.CURRENCY, locale=_locale()))


@register.filter
def amount(value: float | None) -> str:
    """Write a number with the digits that matter: 0.42, 3.1, 1,250."""
    if value is None:
        return "–"
    pattern = "#,##0" if abs(value) >= 100 else "#,##0.0" if abs(value) >= 1 else "0.00"
    return str(format_decimal(value, pattern, _locale()))


@register.filter
def seconds(value: float | None) -> str:
    """Write a delay in the unit a person would use; "–" without one."""
    if value is None:
        return "–"
    if value < _MINUTE:
        number = format_decimal(value, "0.0" if value < 10 else "0", _locale())
        return _("%(number)s s") % {"number": number}
    if value < _HOUR:
        count = round(value / _MINUTE)
        return ngettext("%(number)s minute", "%(number)s minutes", count) % {"number": count}
    if value < _DAY:
        count = round(value / _HOUR)
        return ngettext("%(number)s hour", "%(number)s hours", count) % {"number": count}
    count = round(value / _DAY)
    return ngettext("%(number)s day", "%(number)s days", count) % {"number": count}
