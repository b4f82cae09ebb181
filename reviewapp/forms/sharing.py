"""What a lead sends to say who gets which products."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import SkillKind
from reviewapp.forms.review import QueueForm
from reviewapp.models import CategoryFamily, Product, User
from reviewapp.selectors.decisions import searchable_moderators
from reviewapp.services.assignments import MOST_ASSIGNED

_LONGEST_HOURS = 14 * 24


class AssignForm(QueueForm):
    """A queue, for whom, how many of it, and for how long; or one product instead."""

    moderator = forms.ModelChoiceField(
        label=_("For"), queryset=User.objects.none(), to_field_name="username"
    )
    most = forms.IntegerField(
        label=_("How many at most"), min_value=1, max_value=MOST_ASSIGNED, initial=50
    )
    hours = forms.IntegerField(
        label=_("For how many hours"), min_value=1, max_value=_LONGEST_HOURS, initial=24
    )
    product = forms.ModelChoiceField(
        queryset=Product.objects.all(), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(searchable_moderators(), is_active=True)
        self.fields["moderator"].queryset = people.distinct().order_by("username")  # type: ignore[attr-defined]
        del self.fields["is_assigned"]


class SkillsForm(forms.Form):
    """One choice for each family."""

    def __init__(
        self, data: Any, families: Iterable[CategoryFamily], kinds: dict[int, str] | None = None
    ) -> None:
        super().__init__(data)
        for family in families:
            self.fields[f"family_{family.pk}"] = forms.ChoiceField(
                label=family.name,
                choices=[("", _("Like any other")), *SkillKind.choices],
                required=False,
                initial=(kinds or {}).get(family.pk, ""),
            )

    def kinds(self) -> dict[int, SkillKind]:
        """Return what was chosen, by family id."""
        return {
            int(name.removeprefix("family_")): SkillKind(kind)
            for name, kind in self.cleaned_data.items()
            if kind
        }
