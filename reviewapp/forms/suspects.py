from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.suspects import MOST_OPENED


class OpenForm(forms.Form):
    """How many suspects people are asked about."""

    most = forms.IntegerField(
        label=_("How many, the most doubtful first"),
        min_value=1,
        max_value=MOST_OPENED,
        initial=50,
        help_text=_("Each takes a moderator a moment; the page tells how many were really wrong."),
    )
