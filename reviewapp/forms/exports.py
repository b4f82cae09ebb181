from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import ExportFormat


class ExportForm(forms.Form):
    """Which format the corrected dataset is wanted in."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=ExportFormat.choices,
        initial=ExportFormat.CSV,
        widget=forms.RadioSelect,
    )
