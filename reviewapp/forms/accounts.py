from django import forms
from django.conf import settings

from reviewapp.choices import Theme


class PreferencesForm(forms.Form):
    """Language and theme; each menu sends only its own, the other keeps its value."""

    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    theme = forms.ChoiceField(choices=Theme.choices, required=False)
