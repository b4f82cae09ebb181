"""What leads send when they decide between two answers, or answer a question."""

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import AdjudicationCause
from reviewapp.forms.review import AnswerForm
from reviewapp.models import Category

_COMMENT = forms.Textarea(attrs={"rows": 3})


def _category() -> forms.ModelChoiceField:  # type: ignore[type-arg]
    return forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True).select_related("family"),
        to_field_name="code",
        empty_label=_("Choose a category."),
        error_messages={
            "invalid_choice": _("This category does not exist, or is no longer in use."),
            "required": _("Choose a category."),
        },
    )


class WordForm(AnswerForm):
    """A lead's word on a disagreement."""

    category = _category()
    cause = forms.ChoiceField(
        label=_("Why did they differ?"),
        choices=AdjudicationCause.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say why they differed.")},
    )
    comment = forms.CharField(
        label=_("For those who answered"), max_length=2000, required=False, widget=_COMMENT
    )
    seen = forms.CharField(max_length=64, required=False)


class ReplyForm(AnswerForm):
    """A lead's answer to a question."""

    category = _category()
    comment = forms.CharField(
        label=_("For whoever asked"),
        max_length=2000,
        widget=_COMMENT,
        error_messages={"required": _("Write why, for whoever asked.")},
    )
    seen = forms.CharField(max_length=64, required=False)


class UndoWordForm(forms.Form):
    client_key = forms.UUIDField()
