"""What admins and another system are told of drift: what has changed, and what to do."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from reviewapp.choices import DriftTest
from reviewapp.domain import drift
from reviewapp.domain.drift import Finding, Mover
from reviewapp.models import Category, DriftAlarm
from reviewapp.templatetags.languages import language_name
from reviewapp.templatetags.measures import share

# Words whose share has changed most say what happened; the page has the rest.
_MOVERS: Final = 3
_OF_CATEGORIES: Final = (DriftTest.CATEGORY, DriftTest.MIX)
_OF_SHARES: Final = (DriftTest.CONFIDENCE, DriftTest.BRIGHTNESS)


def letter(alarm: DriftAlarm) -> tuple[str, str]:
    """Return subject and body in the language of the moment."""
    names = {str(one.code): one.name for one in Category.objects.all()}
    changed = "\n".join(f"- {_line(one, names)}" for one in _findings(alarm))
    told = _(
        "The last %(size)s products differ from those the model began with, more than chance"
        " explains, in:"
    ) % {"size": alarm.window.size}
    return _("Arriving products have changed"), f"{told}\n{changed}\n\n{_todo()}\n"


def message(alarm: DriftAlarm) -> dict[str, Any]:
    """Return what another system is told: numbers and codes only, in no language."""
    window = alarm.window
    return {
        "event": "drift.alarm",
        "alarm": alarm.pk,
        "raised_at": alarm.raised_at.isoformat(),
        "model": window.reference.model_version.name,
        "products": window.size,
        "page": _page(),
        "tests": [_told(one) for one in _findings(alarm)],
        "actions": ["tighten_gate", "raise_audit_rate", "plan_training"],
    }


def _findings(alarm: DriftAlarm) -> list[Finding]:
    found = [Finding.from_json(one) for one in alarm.window.findings]
    return [one for one in found if one.test in alarm.tests]


def _page() -> str:
    """Without a PUBLIC_URL nobody knows the host by which people reach the site."""
    return f"{settings.PUBLIC_URL}{reverse('drift:index')}"


def _todo() -> str:
    steps = [
        _("Look at the page “Drift” (%(page)s): it shows products that are new.")
        % {"page": _page()},
        _(
            "Make the thresholds stricter or audit more on the page “Policy”, until you know how good"
            " the model still is."
        ),
        _("Plan a training if the change stays."),
        _("Acknowledge the alarm with what you found."),
    ]
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
    return f"{_('What to do:')}\n{numbered}"


def _line(finding: Finding, names: dict[str, str]) -> str:
    """Return the test's name and, where it has any, the numbers before and after."""
    numbers = _numbers(finding, names)
    if not numbers:
        return str(finding.test.label)
    return _("%(test)s: %(numbers)s") % {"test": finding.test.label, "numbers": numbers}


def _numbers(finding: Finding, names: dict[str, str]) -> str:
    if finding.movers:
        moved = (_moved(one, finding.test, names) for one in finding.movers[:_MOVERS])
        return ", ".join(moved)
    if finding.before is None or finding.after is None:
        return ""
    if finding.test == DriftTest.RIGHT:
        return f"{share(finding.before)} → {share(finding.after)}"
    if finding.test in _OF_SHARES:
        values = {"before": share(finding.before), "after": share(finding.after)}
    else:
        values = {"before": f"{finding.before:.0f}", "after": f"{finding.after:.0f}"}
    return _("median %(before)s, now %(after)s") % values


def _moved(mover: Mover, test: DriftTest, names: dict[str, str]) -> str:
    words = {"missing": _("missing"), "present": _("there"), "unknown": _("unknown")}
    name = names.get(mover.name) if test in _OF_CATEGORIES else words.get(mover.name)
    if name is None and test == DriftTest.LANGUAGE:
        name = language_name(mover.name)
    return f"{name or mover.name} {share(mover.before)} → {share(mover.after)}"


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "test": finding.test,
        "statistic": finding.statistic,
        "p_value": finding.p_value,
        "level": drift.LEVEL,
        "before": finding.before,
        "after": finding.after,
        "movers": [
            {"name": mover.name, "before": mover.before, "after": mover.after}
            for mover in finding.movers
        ],
    }
