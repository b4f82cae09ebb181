from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.models import GateReport, ModelVersion


class PromotionForm(forms.Form):
    """An admin's word on a candidate. seen: the judgement that the page has shown"""

    seen = forms.ModelChoiceField(queryset=GateReport.objects.all(), required=False)
    accepts_unjudged = forms.BooleanField(
        label=_("I have seen what could not be judged"), required=False
    )
    reason = forms.CharField(
        label=_("Why, in spite of the gate"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the promotion and shown."),
    )


class ShadowForm(forms.Form):
    share_percent = forms.FloatField(
        label=_("Share of the arrivals (%)"), min_value=1, max_value=100, initial=20
    )


class RollBackForm(forms.Form):
    """leaving: the champion that the person has seen, so that a double click goes back one."""

    leaving = forms.ModelChoiceField(queryset=ModelVersion.objects.all())
    reason = forms.CharField(label=_("Why"), max_length=1000, required=False)
