from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.images import ImageRefused, check_size
from reviewapp.domain.products import DESIGNATION_CHARS, ProductRefused, check_external_id
from reviewapp.models import Category, Product
from reviewapp.services.tokens import LIFETIMES

_LANGUAGES = [("", _("Not said")), ("fr", _("French")), ("en", _("English")), ("de", _("German"))]


class ProductForm(forms.Form):
    """A product as a person types it. What the picture shows is checked when it is stored.

    wait_seconds: until another may be sent; 0 while the limit is not reached
    """

    wait_seconds = 0
    designation = forms.CharField(
        label=_("Title"), max_length=DESIGNATION_CHARS, help_text=_("What a buyer reads first.")
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, required=False)
    image = forms.FileField(
        label=_("Picture"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    suggested = forms.ModelChoiceField(
        label=_("I say it is …"),
        queryset=Category.objects.filter(is_active=True).order_by("code"),
        required=False,
        to_field_name="code",
        empty_label=_("The models and moderators shall decide"),
        help_text=_("Your word is shown to the moderators; it does not decide by itself."),
    )
    # The look ahead that the seller has seen.
    preview = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean_image(self) -> bytes | None:
        upload: UploadedFile[Any] | None = self.cleaned_data["image"]
        if upload is None:
            return None
        try:
            check_size(upload.size or 0, settings.IMAGE_MAX_BYTES)
        except ImageRefused as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from refused
        return bytes(upload.read())


class NewProductForm(ProductForm):
    """`key` makes the id of a product without one, so that a form sent twice is one product."""

    external_id = forms.CharField(
        label=_("Your reference"),
        required=False,
        help_text=_("Your own number for it, if you have one."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    field_order = ("designation", "description", "external_id", "language", "image", "key")

    def clean_external_id(self) -> str:
        given = self.cleaned_data["external_id"]
        try:
            return check_external_id(given) if given else ""
        except ProductRefused as refused:
            raise forms.ValidationError(refused.message) from refused

    @property
    def chosen_id(self) -> str:
        return self.cleaned_data["external_id"] or f"form-{self.cleaned_data['key'].hex}"


class PreviewForm(ProductForm):
    """A draft as it stands in one of the other forms; nothing of it is required yet."""

    designation = forms.CharField(max_length=DESIGNATION_CHARS, required=False)
    remove_image = forms.BooleanField(required=False)

    def has_input(self, kept_image: object) -> bool:
        given = self.cleaned_data
        return bool(given["designation"] or given["description"] or given["image"] or kept_image)


class EditProductForm(ProductForm):
    remove_image = forms.BooleanField(label=_("Remove the picture"), required=False)

    @classmethod
    def of(cls, product: Product) -> EditProductForm:
        return cls(
            initial={
                "designation": product.raw_designation,
                "description": product.raw_description,
                "language": product.language,
            }
        )


def _lifetimes() -> list[tuple[int, str]]:
    """Asked for by each form, since a sentence with a number in it has the language of its making."""
    return [(lifetime.days, _("%(days)s days") % {"days": lifetime.days}) for lifetime in LIFETIMES]


class TokenForm(forms.Form):
    """How long a new token shall last."""

    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=_lifetimes,
        initial=LIFETIMES[1].days,
    )

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])
