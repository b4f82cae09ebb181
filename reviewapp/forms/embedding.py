from django import forms
from django.utils.translation import gettext_lazy as _


class OriginForm(forms.Form):
    """The address of a site whose pages may show the report button."""

    address = forms.CharField(
        label=_("Address of the site"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://shop.example"}),
    )
