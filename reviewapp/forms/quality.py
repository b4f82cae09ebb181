from django import forms
from django.utils.translation import gettext_lazy as _


class AcknowledgeForm(forms.Form):
    """What an admin has found out about a void certificate."""

    comment = forms.CharField(
        label=_("What you found"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class NewNormalForm(forms.Form):
    """Why the newest arrivals are what later ones should be like."""

    reason = forms.CharField(
        label=_("Why this is the new normal"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
