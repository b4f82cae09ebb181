"""What the review desk sends. Every answer carries the key that makes its repetition harmless."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import ReviewReason, SkipReason
from reviewapp.domain.queues import family_value
from reviewapp.models import Category, CategoryFamily

_LONGEST_LOOK = 86_400.0
_MOST_IDS = 50


class IdListField(forms.CharField):
    """Row ids as "3,14,15"; empty text is an empty list."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        words = [word for word in text.split(",") if word]
        if len(words) > _MOST_IDS or not all(word.isascii() and word.isdigit() for word in words):
            raise forms.ValidationError(_("Write numbers, separated by commas."))
        ids = [int(word) for word in words]
        if any(number >= 2**63 for number in ids):
            raise forms.ValidationError(_("Write numbers, separated by commas."))
        return ids


class ClaimForm(forms.Form):
    have = IdListField(required=False)
    queue = forms.CharField(max_length=60, required=False)


def _queues() -> list[tuple[Any, Any]]:
    families = CategoryFamily.objects.all()
    return [
        ("", _("All products")),
        (_("By reason"), ReviewReason.choices),
        (_("By category family"), [(family_value(family.slug), family) for family in families]),
    ]


class QueueForm(forms.Form):
    """Which queue the desk works on."""

    queue = forms.ChoiceField(label=_("Show"), choices=_queues, required=False)


class ItemsForm(forms.Form):
    items = IdListField(required=False)


class AnswerForm(forms.Form):
    """What all answers share. `moderator` is who made it: another log-in must not send it."""

    client_key = forms.UUIDField()
    moderator = forms.IntegerField(required=False)
    seconds = forms.FloatField(required=False, min_value=0, max_value=_LONGEST_LOOK)


class DecisionForm(AnswerForm):
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.filter(is_active=True),
        to_field_name="code",
        error_messages={
            "invalid_choice": _("This category does not exist, or is no longer in use."),
            "required": _("Choose a category."),
        },
    )
    seen = forms.CharField(max_length=64, required=False)


class SkipForm(AnswerForm):
    reason = forms.ChoiceField(label=_("Why?"), choices=SkipReason)


class EscalateForm(AnswerForm):
    comment = forms.CharField(
        label=_("What should the lead know?"),
        max_length=2000,
        error_messages={"required": _("Write what you are unsure about.")},
    )


class UndoForm(AnswerForm):
    """`of`: the client key of the answer to take back; empty means the newest."""

    of = forms.UUIDField(required=False)
