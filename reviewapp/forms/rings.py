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


# Shown and stored in the same unit.
_COLUMNS = (
    "reopen_at",
    "overrule_at",
    "proven_at",
    "collect_days",
    "hold_reopened",
    "allow_anonymous",
    "unproven_cap",
    "network_cap",
    "burst_accounts",
    "burst_seconds",
    "network_accounts",
)


class ReportPolicyForm(forms.Form):
    """The numbers of the report policy that people change; the others stay as they are."""

    reopen_at = forms.FloatField(
        label=_("Weight that reopens an automatic listing"), min_value=0.1, max_value=100
    )
    overrule_at = forms.FloatField(
        label=_("Weight that reopens a moderator’s answer"), min_value=0.1, max_value=100
    )
    proven_at = forms.FloatField(
        label=_("Weight from which a reporter is proven"),
        min_value=0.01,
        max_value=0.95,
        help_text=_("Three proven reporters must reach the weight for automatic listings."),
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
    allow_anonymous = forms.BooleanField(
        label=_("Take reports from people who have not signed in"),
        required=False,
        help_text=_(
            "From the pages of other sites; together they weigh like people without a record."
        ),
    )
    unproven_cap = forms.FloatField(
        label=_("Without a record, together at most"), min_value=0.01, max_value=100
    )
    network_cap = forms.FloatField(
        label=_("One network, together at most"), min_value=0.01, max_value=100
    )
    burst_accounts = forms.IntegerField(
        label=_("People without a record on one product"),
        min_value=2,
        max_value=1000,
        help_text=_("Twice as many in one family of categories."),
    )
    burst_seconds = forms.FloatField(label=_("within seconds"), min_value=1, max_value=3600)
    network_accounts = forms.IntegerField(
        label=_("People of one network in one family"), min_value=2, max_value=1000
    )
    network_minutes = forms.FloatField(label=_("within minutes"), min_value=1, max_value=1440)
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, policy: ReportPolicy) -> "ReportPolicyForm":
        """Return a form that shows the numbers in force."""
        return cls(
            initial={name: getattr(policy, name) for name in _COLUMNS}
            | {
                "lot_percent": round(policy.lot_share * 100, 1),
                "network_minutes": round(policy.network_seconds / 60, 2),
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
        return {name: given[name] for name in _COLUMNS} | {
            "lot_share": given["lot_percent"] / 100,
            "network_seconds": given["network_minutes"] * 60,
        }
