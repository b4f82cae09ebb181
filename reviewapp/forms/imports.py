from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_slug
from django.utils.translation import gettext_lazy as _

from reviewapp.choices import ImportFormat
from reviewapp.domain.imports import table_format
from reviewapp.services.imports import files


def _file(label: Any, help_text: Any, accept: str, *, required: bool = False) -> forms.FileField:
    return forms.FileField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.FileInput(attrs={"accept": accept}),
    )


class ImportForm(forms.Form):
    """Files of an import. What they hold is looked at by the import itself."""

    table = _file(
        _("Table of products"),
        _("CSV (challenge layout or external_id, designation, description, image), JSONL, Parquet"),
        ".csv,.tsv,.txt,.jsonl,.ndjson,.parquet",
        required=True,
    )
    images_zip = _file(
        _("Pictures as a ZIP"),
        _("Named as in the column image, or image_IMAGEID_product_PRODUCTID.jpg"),
        ".zip",
    )
    images_npy = _file(
        _("Pictures as an NPY array"),
        _("N×height×width×3 of uint8, in the order of the table"),
        ".npy",
    )
    labels = _file(_("Table of codes"), _("A second CSV: index and prdtypecode"), ".csv")
    source = forms.CharField(
        label=_("Source"),
        max_length=60,
        validators=[validate_slug],
        help_text=_("Name of the feed; products are unique within it."),
    )

    def __init__(self, *args: Any, needs_source: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_source:
            del self.fields["source"]

    def clean_table(self) -> UploadedFile[Any]:
        table: UploadedFile[Any] = self.cleaned_data["table"]
        if table_format(table.name or "") is None:
            raise forms.ValidationError(
                _("The name must end in .csv, .tsv, .jsonl or .parquet."), code="format"
            )
        return table

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("images_zip") and given.get("images_npy"):
            self.add_error("images_npy", _("Send a ZIP or an array, not both."))
        total = sum(upload.size or 0 for upload in self.uploads.values())
        if total > settings.IMPORT_MAX_BYTES:
            limit = {"limit": settings.IMPORT_MAX_BYTES // 2**20}
            self.add_error(None, _("Together the files are larger than %(limit)s MB.") % limit)
        return given

    @property
    def uploads(self) -> dict[str, UploadedFile[Any]]:
        """The files that came along, by their kind."""
        kinds = (files.TABLE, files.LABELS, files.ARCHIVE, files.ARRAY)
        return {kind: self.cleaned_data[kind] for kind in kinds if self.cleaned_data.get(kind)}

    @property
    def table_format(self) -> ImportFormat:
        found = table_format(self.cleaned_data["table"].name)
        assert found is not None  # noqa: S101  # clean_table has seen to it
        return found
