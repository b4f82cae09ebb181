from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import ExportFormat, LabelSource
from reviewapp.domain.snapshots import Filters

LABEL_IMPORT_BYTES = 20 * 2**20


class ExportForm(forms.Form):
    """Which format a snapshot is wanted in."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=ExportFormat.choices,
        initial=ExportFormat.CSV,
        widget=forms.RadioSelect,
    )


class LabelImportForm(forms.Form):
    """A file of Label Studio tasks."""

    file = forms.FileField(
        label=_("Label Studio export"),
        help_text=_("JSON, up to 20 MB; each task's data needs an external_id."),
        widget=forms.FileInput(attrs={"accept": ".json"}),
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=60,
        required=False,
        validators=[validate_slug],
        help_text=_("Of products whose task does not name one."),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > LABEL_IMPORT_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 20 MB; divide it, or use manage.py import_labels.")
            )
        return file


class SnapshotForm(forms.Form):
    """Which labels a snapshot is to hold; all of them when nothing is chosen."""

    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("What it is for; for people, no part of the content."),
    )
    sources = forms.MultipleChoiceField(
        label=_("Where labels come from"),
        required=False,
        choices=LabelSource.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: from everywhere."),
    )
    blind_only = forms.BooleanField(label=_("Blind answers only"), required=False)
    decided_from = forms.DateField(
        label=_("Decided from"), required=False, widget=forms.DateInput({"type": "date"})
    )
    decided_until = forms.DateField(
        label=_("Decided until"), required=False, widget=forms.DateInput({"type": "date"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("decided_from"), cleaned.get("decided_until")
        if first and last and first > last:
            self.add_error("decided_until", _("The last day lies before the first one."))
        return cleaned

    def filters(self) -> Filters:
        """Return what was asked for, once the form is valid."""
        return Filters(
            sources=tuple(self.cleaned_data["sources"]),
            is_blind_only=self.cleaned_data["blind_only"],
            decided_from=self.cleaned_data["decided_from"],
            decided_until=self.cleaned_data["decided_until"],
        )
