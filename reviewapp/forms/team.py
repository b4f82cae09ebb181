"""What leads send, and what the history is searched by."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import ReviewReason, Verdict
from reviewapp.models import Category, ModelVersion, User
from reviewapp.selectors.decisions import DecisionQuery, searchable_moderators

_ANY = [("", _("Any"))]
# A moderator who could search for known answers would learn what they look like.
_TOLD = [choice for choice in ReviewReason.choices if choice[0] != ReviewReason.GOLD]


class CloseAlarmForm(forms.Form):
    comment = forms.CharField(
        label=_("What did you find?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write what you found, for whoever looks next.")},
    )


def _people() -> Any:
    return User.objects.filter(searchable_moderators()).distinct().order_by("username")


class HistoryForm(forms.Form):
    """The filters of the history; `until` is the last day included."""

    q = forms.CharField(label=_("Words or external id"), max_length=200, required=False)
    moderator = forms.ModelChoiceField(
        label=_("Moderator"),
        queryset=User.objects.none(),
        to_field_name="username",
        empty_label=_("Any"),
        required=False,
    )
    category = forms.ModelChoiceField(
        label=_("Category"),
        queryset=Category.objects.select_related("family"),
        to_field_name="code",
        empty_label=_("Any"),
        required=False,
    )
    verdict = forms.ChoiceField(
        label=_("Answer"), choices=[*_ANY, *Verdict.choices], required=False
    )
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[*_ANY, *ReviewReason.choices], required=False
    )
    model = forms.ModelChoiceField(
        label=_("Model version"),
        queryset=ModelVersion.objects.order_by("-created_at"),
        to_field_name="name",
        empty_label=_("Any"),
        required=False,
    )
    since = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    until = forms.DateField(
        label=_("To"), widget=forms.DateInput(attrs={"type": "date"}), required=False
    )

    def __init__(self, data: Any, *, is_lead: bool) -> None:
        super().__init__(data)
        self.is_lead = is_lead
        reason = self.fields["reason"]
        if isinstance(reason, forms.ChoiceField) and not is_lead:
            reason.choices = [*_ANY, *_TOLD]
        field = self.fields["moderator"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = _people()

    def query(self) -> DecisionQuery:
        """Return what a valid form asks for."""
        data = self.cleaned_data
        return DecisionQuery(
            moderator=_id(data["moderator"]),
            category=_id(data["category"]),
            verdict=Verdict(data["verdict"]) if data["verdict"] else None,
            reasons=self._reasons(),
            model_version=_id(data["model"]),
            since=_midnight(data["since"]),
            until=_midnight(data["until"] + timedelta(days=1)) if data["until"] else None,
            text=data["q"],
        )

    def _reasons(self) -> tuple[ReviewReason, ...]:
        reason = self.cleaned_data["reason"]
        if not reason:
            return ()
        # What a moderator is told was an audit is found as one.
        is_disguised = reason == ReviewReason.AUDIT and not self.is_lead
        found = (ReviewReason.AUDIT, ReviewReason.GOLD) if is_disguised else (reason,)
        return tuple(ReviewReason(one) for one in found)


def _id(row: Any) -> int | None:
    return None if row is None else int(row.pk)


def _midnight(day: Any) -> datetime | None:
    return None if day is None else timezone.make_aware(datetime.combine(day, time.min))
