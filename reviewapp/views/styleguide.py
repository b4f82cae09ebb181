"""Every component of the design system on one page, for those who build pages."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from reviewapp.choices import ProductStatus, ReportStatus, ReviewReason


class _SampleForm(forms.Form):
    title = forms.CharField(help_text="As the buyer will read it.")
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))
    blind = forms.BooleanField(required=False, help_text="Hide what the models said.")
    catalogue = forms.FileField(required=False)


def styleguide(request: HttpRequest) -> HttpResponse:
    """Routed in development only; its words are samples and stay untranslated."""
    now = timezone.now()
    context = {
        "form": _SampleForm({"title": "", "description": "Cotton, 90 x 190 cm"}),
        "statuses": list(ProductStatus) + list(ReportStatus),
        "reasons": list(ReviewReason),
        "moments": [now - timedelta(minutes=3), now + timedelta(hours=2), now - timedelta(days=40)],
        "picture": _PICTURE,
        "crumbs": [{"url": "#catalogue", "label": "Catalogue"}, {"url": "", "label": "Books"}],
        "tabs": [
            {"url": "#all", "label": "All", "active": True, "count": 1284},
            {"url": "#mine", "label": "With me", "active": False, "count": 2},
            {"url": "#done", "label": "Done", "active": False},
        ],
        "suggestions": [
            (1, 1280, "Toys for children", 0.62),
            (2, 1281, "Board games", 0.24),
            (3, 1300, "Model making", 0.08),
            (4, 2583, "Pool and spa", 0.03),
            (5, 2705, "New books", 0.01),
        ],
        "categories": _CATEGORIES,
    }
    return render(request, "styleguide.html", context)


_CATEGORIES = [
    (10, "Second-hand books", "Books and comics sold used", "livre occasion ancien"),
    (1280, "Toys for children", "Dolls, vehicles, early learning", "jouet enfant"),
    (1281, "Board games", "Games played at a table", "jeu de société plateau"),
    (2582, "Garden furniture", "Tables, chairs and sunshades", "mobilier jardin"),
    (2583, "Pool and spa", "Pools, filters, covers", "piscine"),
]

_PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 480 360'%3E"
    "%3Crect width='480' height='360' fill='%23fff'/%3E"
    "%3Crect x='150' y='70' width='180' height='230' rx='10' fill='%23c96f4a'/%3E"
    "%3Crect x='170' y='70' width='12' height='230' fill='%23a4512f'/%3E"
    "%3Crect x='205' y='120' width='100' height='14' rx='7' fill='%23fbeed2'/%3E"
    "%3Crect x='205' y='150' width='70' height='10' rx='5' fill='%23fbeed2'/%3E%3C/svg%3E"
)
