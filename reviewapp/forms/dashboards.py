from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.costs import Costs
from reviewapp.models import Category, ModelVersion
from reviewapp.selectors.dashboards.delays import LIMITS
from reviewapp.selectors.dashboards.scope import Scope

LONGEST_DAYS = 92
_SELLERS = [
    ("", _("all sellers")),
    ("feed", _("feeds without an account")),
    ("few", _("fewer than 10 products")),
    ("some", _("10 to 99 products")),
    ("many", _("100 products or more")),
]


class ScopeForm(forms.Form):
    """What a dashboard shows, in its address; what is missing means the last 30 days of everything."""

    first = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))  # fmt: skip
    last = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))  # fmt: skip
    model = forms.ModelChoiceField(
        ModelVersion.objects.none(), label=_("Model"), required=False, empty_label=_("all models")
    )
    category = forms.ModelChoiceField(
        Category.objects.none(), to_field_name="code", label=_("Category"), required=False,
        empty_label=_("all categories"),
    )  # fmt: skip
    seller = forms.ChoiceField(label=_("Seller group"), choices=_SELLERS, required=False)
    hours = forms.TypedChoiceField(
        label=_("Service level, hours"), choices=[(one, one) for one in LIMITS], coerce=int,
        required=False,
    )  # fmt: skip

    def __init__(self, data: Any, today: date) -> None:
        first, last = today - timedelta(days=29), today
        defaults = {"first": first.isoformat(), "last": last.isoformat(), "hours": "16"}
        super().__init__(defaults | {key: value for key, value in data.items() if value})
        self.fields["model"].queryset = ModelVersion.objects.order_by("-pk")  # type: ignore[attr-defined]
        self.fields["category"].queryset = Category.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and not timedelta(0) <= last - first < timedelta(days=LONGEST_DAYS):
            raise forms.ValidationError(
                _("Choose a period of one to %(days)s days.") % {"days": LONGEST_DAYS}
            )
        return found

    def scope(self, costs: Costs) -> Scope:
        """Return what was chosen; only for a valid form."""
        found = self.cleaned_data
        return Scope(
            first=found["first"],
            last=found["last"],
            model=found["model"].pk if found["model"] else None,
            category=str(found["category"].code) if found["category"] else "",
            seller=found["seller"],
            hours=found["hours"],
            costs=costs,
        )
