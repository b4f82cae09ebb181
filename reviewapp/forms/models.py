from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.models import RoutingPolicy


class PolicyForm(forms.Form):
    """New numbers for routing, in percent as people say them."""

    accept_percent = forms.DecimalField(
        label=_("List from this confidence on (%)"),
        min_value=50,
        max_value=100,
        max_digits=4,
        decimal_places=1,
        help_text=_("Products below it go to a moderator."),
    )
    audit_percent = forms.DecimalField(
        label=_("Check this share of listed products (%)"),
        min_value=0,
        max_value=100,
        max_digits=4,
        decimal_places=1,
        help_text=_("Drawn at random and checked blindly: the only unbiased measure of accuracy."),
    )
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, policy: RoutingPolicy) -> "PolicyForm":
        """Return a form that shows the numbers in force."""
        return cls(
            initial={
                "accept_percent": round(policy.accept_at * 100, 1),
                "audit_percent": round(policy.audit_rate * 100, 1),
                "based_on": policy.version,
            }
        )

    def shares(self) -> dict[str, Any]:
        """Return the valid numbers as shares, 0..1."""
        return {
            "accept_at": float(self.cleaned_data["accept_percent"]) / 100,
            "audit_rate": float(self.cleaned_data["audit_percent"]) / 100,
        }
