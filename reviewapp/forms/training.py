from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext_lazy as _

from classifier.config import ConfigInvalid
from reviewapp.domain.recipes import RECIPES, Recipe
from reviewapp.models import DatasetSnapshot, TrainingSchedule
from reviewapp.selectors.training import checked_config

NEW, NONE = "new", "none"
_LARGEST_SEED: Final = 2**31 - 1


class RecipeForm(forms.Form):
    """How to train: one of the recipes, or a configuration of one's own."""

    recipe = forms.ChoiceField(
        label=_("Recipe"),
        choices=[(one.value, one.label) for one in Recipe],
        initial=Recipe.HEADS,
        help_text=_("Minutes on a processor; fine-tuning a whole network wants a GPU."),
    )
    own_config = forms.CharField(
        label=_("Configuration of one’s own (JSON)"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "mono"}),
        help_text=_("Takes the place of the recipe; docs/training.md names every key."),
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=_LARGEST_SEED, initial=0)

    def clean_own_config(self) -> dict[str, Any]:
        text = self.cleaned_data["own_config"].strip()
        if not text:
            return {}
        try:
            config = json.loads(text)
        except ValueError as error:
            raise forms.ValidationError(_("This is no JSON: %s") % error) from error
        if not isinstance(config, dict):
            raise forms.ValidationError(_("A JSON object is expected."))
        try:
            checked_config(config)
        except ConfigInvalid as error:
            raise forms.ValidationError(str(error)) from error
        return config

    def config(self) -> dict[str, Any]:
        """Return what was asked for, once the form is valid."""
        own: dict[str, Any] = self.cleaned_data["own_config"]
        return own or dict(RECIPES[Recipe(self.cleaned_data["recipe"])])


class TrainingForm(RecipeForm):
    """What to learn, and how."""

    labels = forms.ChoiceField(label=_("Labels"))
    has_base = forms.BooleanField(
        label=_("With the codes of the marketplace’s own feeds"),
        required=False,
        initial=True,
        help_text=_("Everything is learned again together, so that nothing is forgotten."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200)
    field_order = ("labels", "has_base", "recipe", "own_config", "seed", "note")

    def __init__(self, *args: Any, snapshots: Sequence[DatasetSnapshot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._snapshots = {str(one.pk): one for one in snapshots}
        labels: Any = self.fields["labels"]
        labels.choices = [
            (NEW, _("Those of today, frozen now")),
            *((pk, _snapshot_name(one)) for pk, one in self._snapshots.items()),
            (NONE, _("None, only codes of origin")),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("labels") == NONE and not cleaned.get("has_base"):
            self.add_error("labels", _("There has to be something to learn."))
        return cleaned

    @property
    def snapshot(self) -> DatasetSnapshot | None:
        """The chosen snapshot; None for a new one and for none."""
        return self._snapshots.get(self.cleaned_data["labels"])

    @property
    def wants_new_snapshot(self) -> bool:
        return bool(self.cleaned_data["labels"] == NEW)


class ScheduleForm(RecipeForm):
    """When models are trained by themselves."""

    every_labels = forms.IntegerField(
        label=_("After so many new labels"),
        required=False,
        min_value=1,
        max_value=10_000_000,
        help_text=_("Empty: never for that reason."),
    )
    every_days = forms.IntegerField(
        label=_("After so many days"),
        required=False,
        min_value=1,
        max_value=3650,
        help_text=_("If there is a new label at all. Empty: never for that reason."),
    )
    first_labels = forms.IntegerField(
        label=_("First model: labels in all"),
        min_value=0,
        max_value=10_000_000,
        help_text=_("With no model at all, one is trained and put to use. 0: never by itself."),
    )
    first_per_category = forms.IntegerField(
        label=_("First model: labels in each category"), min_value=0, max_value=100_000
    )
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def changes(self) -> dict[str, Any]:
        """Return the new numbers by name, once the form is valid."""
        names = ("every_labels", "every_days", "first_labels", "first_per_category", "seed")
        return {name: self.cleaned_data[name] for name in names} | {"config": self.config()}


def schedule_initial(schedule: TrainingSchedule) -> dict[str, Any]:
    """Return the form's initial values for the schedule in force."""
    recipe = next((one for one, config in RECIPES.items() if config == schedule.config), None)
    own = "" if recipe else json.dumps(schedule.config, indent=2)
    return {
        "every_labels": schedule.every_labels,
        "every_days": schedule.every_days,
        "first_labels": schedule.first_labels,
        "first_per_category": schedule.first_per_category,
        "seed": schedule.seed,
        "recipe": recipe or Recipe.HEADS,
        "own_config": own,
        "based_on": schedule.version,
    }


def _snapshot_name(snapshot: DatasetSnapshot) -> str:
    values = {"number": snapshot.pk, "rows": intcomma(snapshot.rows_total), "note": snapshot.note}
    text = _("Snapshot %(number)s: %(rows)s labels") % values
    # The schedule's own notes are stored in English.
    return f"{text} · {_(snapshot.note)}" if snapshot.note else text
