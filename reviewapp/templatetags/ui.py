"""The tags of the design system: see docs/design-system.md."""

from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_datetime, format_timedelta
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from reviewapp.domain.percent import whole_percent

register = template.Library()

# Each stored state: the tone of its badge and the icon that says the same without colour.
_STATES = {
    "waiting": ("", "clock"),
    "pending": ("", "clock"),
    "retired": ("", "clock"),
    "undone": ("", "undo"),
    "skipped": ("", "skip"),
    "dismissed": ("", "x"),
    "expired": ("", "clock"),
    "voided": ("", "ban"),
    "collecting": ("", "clock"),
    "closed": ("", "check"),
    "held": ("warning", "alert"),
    "released": ("success", "check"),
    "claimed": ("info", "user"),
    "in_review": ("info", "scale"),
    "review": ("info", "scale"),
    "open": ("info", "scale"),
    "running": ("info", "refresh"),
    "shadow": ("info", "layers"),
    "candidate": ("info", "layers"),
    "corrected": ("info", "edit"),
    "escalated": ("warning", "flag"),
    "listed": ("success", "check"),
    "done": ("success", "check"),
    "resolved": ("success", "check"),
    "confirmed": ("success", "check"),
    "upheld": ("success", "check"),
    "champion": ("success", "check"),
    "failed": ("danger", "alert"),
    "passed": ("success", "check"),
    "not_judged": ("warning", "eye-off"),
    "refused": ("danger", "ban"),
    # Why a product is in review
    "low_confidence": ("warning", "chart"),
    "disagreement": ("warning", "layers"),
    "missing_input": ("warning", "image"),
    "buyer_report": ("danger", "flag"),
    "audit": ("", "dice"),
    "suspect_label": ("warning", "alert"),
    "seller_appeal": ("info", "user"),
    "second_opinion": ("", "scale"),
    "gold": ("", "eye-off"),
}
_NEUTRAL = ("", "info")
# Older than this, a date says more than "three weeks ago".
_RELATIVE_UP_TO = timedelta(days=7)


def _locale() -> str:
    return to_locale(get_language() or "en")


@register.filter
def confidence_percent(value: float | None) -> str:
    """Write a probability in [0, 1] as whole percent, rounded down; "–" for None."""
    return "–" if value is None else whole_percent(value)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of static/img/icons.svg. Without a label it is decoration, hidden from readers."""
    url = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, url
        )
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', url
    )


@register.simple_tag
def relative_time(moment: datetime | None) -> SafeString:
    """Write how long ago (or in how long) `moment` is; after a week its date. "–" for None."""
    if moment is None:
        return SafeString("–")
    distance = moment - timezone.now()
    if abs(distance) < _RELATIVE_UP_TO:
        words = format_timedelta(distance, add_direction=True, locale=_locale())
    else:
        words = format_datetime(timezone.localtime(moment), "d MMM y", locale=_locale())
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), words)


@register.filter
def duration(length: timedelta | None) -> str:
    """Write a length of time in its largest unit; "–" for None."""
    return "–" if length is None else format_timedelta(length, locale=_locale())


@register.inclusion_tag("components/_confidence.html")
def confidence_bar(
    value: float | None, threshold: float | None = None, label: str = ""
) -> dict[str, Any]:
    """Show a calibrated probability as number and bar; `threshold` draws the mark to reach."""
    reached = None if value is None or threshold is None else value >= threshold
    return {
        "value": value,
        "label": label or _("Confidence"),
        "width": 0 if value is None else round(value * 100, 1),
        "mark": None if threshold is None else round(threshold * 100, 1),
        "threshold": threshold,
        "is_low": reached is False,
        "is_reached": reached,
    }


@register.inclusion_tag("components/_badge.html")
def state_badge(state: str, label: str = "") -> dict[str, str]:
    """Show a stored state or a review reason as a badge.

    `state` is a member of an enumeration of reviewapp.choices, or its value together with its label:
    {% state_badge product.status product.get_status_display %}
    """
    tone, icon_name = _STATES.get(str(state), _NEUTRAL)
    return {"tone": tone, "icon_name": icon_name, "label": label or getattr(state, "label", state)}
