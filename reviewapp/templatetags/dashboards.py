"""Values of the dashboards' tables, in the reader's language."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime

from reviewapp.templatetags.measures import amount, money, seconds, share

register = template.Library()

_WRITTEN: Final[dict[str, Callable[[Any], str]]] = {
    "day": lambda value: date_format(value, "SHORT_DATE_FORMAT"),
    "moment": lambda value: date_format(localtime(value), "SHORT_DATETIME_FORMAT"),
    "count": intcomma,
    "share": share,
    "seconds": seconds,
    "amount": amount,
    "money": money,
    "change": lambda value: f"+{intcomma(value)}" if value > 0 else intcomma(value),
    "links": lambda value: format_html_join(
        ", ", '<a href="{}">{}</a>', ((one.address, one.text) for one in value)
    ),
}


@register.filter
def written(value: Any, unit: str) -> str:
    """Write a value of a panel in its column's unit; "–" without one."""
    return "–" if value is None else _WRITTEN.get(unit, _text)(value)


def _text(value: Any) -> str:
    return str(_WRITTEN["day"](value) if isinstance(value, date) else value)
