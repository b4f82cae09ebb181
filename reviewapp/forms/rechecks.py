"""What a lead orders about a moderator's answers."""

from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.rechecks import LONGEST_DAYS, MOST_RECHECKED, Scope


class Reach(TextChoices):
    """How a recheck goes back."""

    DAYS = "days", _("days")
    LAST = "last", _("answers")


class ScopeForm(forms.Form):
    """How far back: so many days, or so many answers."""

    number = forms.IntegerField(
        label=_("Go back over the last"), min_value=1, max_value=MOST_RECHECKED
    )
    reach = forms.ChoiceField(label=_("Counted in"), choices=Reach.choices)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("reach") == Reach.DAYS and data.get("number", 0) > LONGEST_DAYS:
            text = _("At most %(days)d days.") % {"days": LONGEST_DAYS}
            self.add_error("number", text)
        return data

    def scope(self) -> Scope:
        """Return what a valid form says."""
        return Scope(**{self.cleaned_data["reach"]: self.cleaned_data["number"]})


class WhyForm(forms.Form):
    """The reason that stays on record."""

    comment = forms.CharField(
        label=_("Why"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write why, for whoever looks next.")},
    )
