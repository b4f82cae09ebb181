"""What the review desk sends. Every answer carries the key that makes its repetition harmless."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reviewapp.choices import ReviewReason, SkipReason
from reviewapp.domain.queues import AGES, REASONS, ReviewQueue
from reviewapp.models import Category, CategoryFamily
from reviewapp.selectors.saved_filters import reason_name

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
    """`page`: the token of the browser page that asks; a page without a script has none. `take`:
    bring what the person's other pages hold here first."""

    page = forms.UUIDField(required=False)
    take = forms.BooleanField(required=False)
    have = IdListField(required=False)
    queue = forms.CharField(max_length=200, required=False)


def _reasons() -> list[tuple[Any, Any]]:
    return [("", _("All reasons")), *((reason.value, reason_name(reason)) for reason in REASONS)]


def _families() -> list[tuple[Any, Any]]:
    families = CategoryFamily.objects.all()
    return [("", _("All families")), *((family.slug, family) for family in families)]


def _ages() -> list[tuple[Any, Any]]:
    texts = [(n, ngettext("For over %(n)d day", "For over %(n)d days", n) % {"n": n}) for n in AGES]
    return [("", _("However long")), *texts]


class QueueForm(forms.Form):
    """Which queue the desk works on: everything that is filled in must hold."""

    reason = forms.ChoiceField(label=_("Reason"), choices=_reasons, required=False)
    family = forms.ChoiceField(label=_("Category family"), choices=_families, required=False)
    days = forms.TypedChoiceField(label=_("Waiting"), choices=_ages, coerce=int, required=False)
    is_high = forms.BooleanField(label=_("High value only"), required=False)
    is_assigned = forms.BooleanField(label=_("Assigned to me"), required=False)

    @classmethod
    def showing(cls, queue: ReviewQueue) -> "QueueForm":
        """Return the form filled in with `queue`."""
        return cls(initial=asdict(queue))

    def queue(self) -> ReviewQueue:
        """Return the queue asked for; what makes no sense limits nothing."""
        self.is_valid()
        data = self.cleaned_data
        reason = data.get("reason")
        return ReviewQueue(
            reason=ReviewReason(reason) if reason else None,
            family=data.get("family", ""),
            days=data.get("days") or 0,
            is_high=data.get("is_high", False),
            is_assigned=data.get("is_assigned", False),
        )


class SaveFilterForm(forms.Form):
    name = forms.CharField(label=_("Name of the filter"), max_length=60)
    queue = forms.CharField(max_length=200, required=False)
    is_default = forms.BooleanField(label=_("Open the desk with it"), required=False)


class ItemsForm(forms.Form):
    page = forms.UUIDField(required=False)
    items = IdListField(required=False)


class AnswerForm(forms.Form):
    """What all answers share."""

    client_key = forms.UUIDField()
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
    page = forms.UUIDField(required=False)


class BulkForm(forms.Form):
    """A grid as it was sent. Tiles come as `seen_<item>` and `key_<item>`; ticked ones as `take`."""

    seconds = forms.FloatField(required=False, min_value=0, max_value=_LONGEST_LOOK)
    items = IdListField()
    take = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        shown = [word for word in data.get("items", "").split(",") if word.isdigit()]
        self.fields["take"].choices = [(item, item) for item in shown]  # type: ignore[attr-defined]
        for item in shown[:_MOST_IDS]:
            self.fields[f"key_{item}"] = forms.UUIDField()
            self.fields[f"seen_{item}"] = forms.CharField(max_length=64)

    @property
    def left_out(self) -> list[int]:
        taken = set(self.cleaned_data["take"])
        return [item for item in self.cleaned_data["items"] if item not in taken]

    def keys(self) -> dict[int, UUID]:
        """Return the client key of each ticked item."""
        return {item: self.cleaned_data[f"key_{item}"] for item in self.cleaned_data["take"]}

    def seen(self, item: int) -> str:
        """Return the input digest that was on the screen."""
        return str(self.cleaned_data[f"seen_{item}"])
