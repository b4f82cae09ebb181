from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import RingStatus
from reviewapp.models import ReportPolicy


class RingForm(forms.Form):
    """An admin's judgement of a ring."""

    verdict = forms.ChoiceField(choices=[(RingStatus.VOIDED, ""), (RingStatus.RELEASED, "")])
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReportPolicyForm(forms.Form):
    """The numbers of the report policy that people change; the others stay as they are."""

    reopen_at = forms.FloatField(
        label=_("Weight that reopens an automatic listing"), min_value=0.1, max_value=100
    )
    overrule_at = forms.FloatField(
        label=_("Weight that reopens a moderator’s answer"), min_value=0.1, max_value=100
    )
    collect_days = forms.FloatField(
        label=_("Days that a case collects"), min_value=0.01, max_value=90
    )
    lot_percent = forms.FloatField(
        label=_("Share of the others looked at by lot (%)"), min_value=1, max_value=100
    )
    hold_reopened = forms.BooleanField(
        label=_("Take reopened products out of the shop meanwhile"), required=False
    )
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, policy: ReportPolicy) -> "ReportPolicyForm":
        """Return a form that shows the numbers in force."""
        return cls(
            initial={
                "reopen_at": policy.reopen_at,
                "overrule_at": policy.overrule_at,
                "collect_days": policy.collect_days,
                "lot_percent": round(policy.lot_share * 100, 1),
                "hold_reopened": policy.hold_reopened,
                "based_on": policy.version,
            }
        )

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        if given.get("overrule_at", 0) < given.get("reopen_at", 0):
            self.add_error("overrule_at", _("A moderator’s answer takes at least as much weight."))
        return given

    def numbers(self) -> dict[str, Any]:
        """Return the valid numbers by column."""
        given = self.cleaned_data
        names = ("reopen_at", "overrule_at", "collect_days", "hold_reopened")
        return {name: given[name] for name in names} | {"lot_share": given["lot_percent"] / 100}
