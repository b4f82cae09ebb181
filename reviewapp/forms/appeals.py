from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.appeals import COMMENT_CHARS
from reviewapp.models import Category


class AppealForm(forms.Form):
    """Why the seller finds the category wrong, and which one would be right."""

    comment = forms.CharField(
        label=_("Why do you disagree?"),
        max_length=COMMENT_CHARS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A moderator who has not decided about this product reads it."),
    )
    wished_category = forms.ModelChoiceField(
        label=_("The right category, if you know it"),
        queryset=Category.objects.filter(is_active=True),
        required=False,
        to_field_name="code",
        empty_label=_("I do not know"),
    )
