from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reviewapp.models import DatasetSnapshot, ModelVersion
from reviewapp.selectors.model_versions import versions
from reviewapp.selectors.snapshots import finished_snapshots

if TYPE_CHECKING:
    _SnapshotField = forms.ModelChoiceField[DatasetSnapshot]
else:  # generic in the type checker's eyes only
    _SnapshotField = forms.ModelChoiceField


class _Snapshots(_SnapshotField):
    def label_from_instance(self, obj: Any) -> str:
        words = _("Snapshot %(number)s") % {"number": obj.pk}
        # The schedule's own notes are stored in English.
        return f"{words} · {gettext(obj.note)}" if obj.note else words


class EvaluationForm(forms.Form):
    """Which version is to be measured on which snapshot, and held against the champion or not."""

    version = forms.ModelChoiceField(
        label=_("Version"), queryset=ModelVersion.objects.none(), empty_label=None
    )
    snapshot = _Snapshots(
        label=_("Snapshot"),
        queryset=DatasetSnapshot.objects.none(),
        empty_label=None,
        help_text=_("Only its test products count: no model has learned from them."),
    )
    is_judged = forms.BooleanField(
        label=_("Judge it against the champion"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].queryset = versions().defer("metrics")  # type: ignore[attr-defined]
        self.fields["snapshot"].queryset = finished_snapshots().defer("manifest")  # type: ignore[attr-defined]
