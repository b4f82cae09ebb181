from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.models import Category


class ReportForm(forms.Form):
    """A buyer's "wrong category": both answers are optional, the click alone is a report."""

    suggested_category = forms.ModelChoiceField(
        label=_("The right category, if you know it"),
        queryset=Category.objects.filter(is_active=True),
        required=False,
        to_field_name="code",
        empty_label=_("I do not know"),
    )
    comment = forms.CharField(
        label=_("What is wrong?"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Please write nothing about yourself."),
    )
