from typing import Any

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


class MailForm(forms.Form):
    """Whether a reporter wants the answers by e-mail as well."""

    wants_mail = forms.BooleanField(label=_("Tell me by e-mail as well"), required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Used for this alone, and deleted when you switch it off."),
    )

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or {}
        if given.get("wants_mail") and not given.get("email") and "email" not in self.errors:
            self.add_error("email", _("Where to?"))
        return given
