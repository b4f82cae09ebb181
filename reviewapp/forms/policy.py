from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.costs import Costs
from reviewapp.domain.routing import STRATA
from reviewapp.models import Category, RoutingPolicy
from reviewapp.services.policies import costs

_SHARE: Final = {"max_digits": 7, "decimal_places": 4}
_THINNER: Final = _(
    "Nearer to the threshold at least as many must be checked as farther from it: most errors are"
    " there."
)
_MONEY: Final = {"max_digits": 12, "decimal_places": 4, "min_value": 0}


def _percent(
    label: Any, help_text: Any = "", least: float = 0, **kwargs: Any
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, min_value=least, max_value=100, **(_SHARE | kwargs)
    )


def _money(label: Any, help_text: Any = "", **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, help_text=help_text, **(_MONEY | kwargs))


def _slider(scale: str) -> forms.NumberInput:
    """scale: least, most and step, as `static/js/lib/slider.js` reads them"""
    return forms.NumberInput(attrs={"data-slider": scale})


class PolicyForm(forms.Form):
    """New numbers for routing, in percent and money as people say them."""

    accept_percent = _percent(
        _("List from this confidence on (%)"),
        _("Products below it go to a moderator."),
        widget=_slider("40 100 0.5"),
    )
    image_percent = _percent(_("Without a picture, at least (%)"), required=False)
    text_percent = _percent(_("Without text, at least (%)"), required=False)
    audit_percent = _percent(
        _("Check this share of listed products (%)"),
        _("Drawn at random and checked blindly: the only unbiased measure of accuracy."),
        widget=_slider("0 30 0.5"),
    )
    near_percent = _percent(
        _("Of those just above the threshold (%)"),
        _("Most errors are here. Empty: four times the share above."),
        required=False,
    )
    middle_percent = _percent(
        _("Of those well above the threshold (%)"),
        _("Empty: twice the share above."),
        required=False,
    )
    target_percent = _percent(
        _("At most this share may be listed wrongly (%)"),
        _("What the promise is about."),
        least=0.1,
        widget=_slider("0.5 10 0.1"),
    )
    wrong = _money(_("Cost of a product listed wrongly"))
    review_minute = _money(_("Cost of a moderator’s minute"))
    review_seconds = forms.FloatField(
        label=_("Seconds for one review"), min_value=0.1, max_value=3600
    )
    delay_hour = _money(_("Cost of an hour’s wait for a moderator"), required=False)
    delay_hours = forms.FloatField(
        label=_("Usual wait, in hours"), min_value=0, max_value=10_000, required=False
    )
    error_percent = _percent(_("Moderators err in (%)"), required=False)
    fairness_bound = forms.FloatField(
        label=_("A group may fare at most this many times worse"), min_value=1, max_value=100
    )
    note = forms.CharField(
        label=_("Why"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, categories: list[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
        for category in categories:
            self.fields[f"accept_{category.code}"] = _percent(
                _("Threshold (%)"), required=False, widget=_cell(_("Threshold"), category)
            )
            self.fields[f"wrong_{category.code}"] = _money(
                _("Cost"), required=False, widget=_cell(_("Cost"), category)
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            rates = [self._audited(data, stratum, times) for stratum, _reach, times in STRATA]
            rates.append(data["audit_percent"])
            if rates != sorted(rates, reverse=True):
                self.add_error("near_percent", _THINNER)
        return data

    @staticmethod
    def _audited(data: Mapping[str, Any], stratum: str, times: float) -> Decimal:
        own: Decimal | None = data[f"{stratum}_percent"]
        return min(Decimal(100), data["audit_percent"] * Decimal(times)) if own is None else own

    def rows(self) -> Iterator[tuple[Category, Any, Any]]:
        """Each category with its two fields."""
        for category in self.categories:
            yield category, self[f"accept_{category.code}"], self[f"wrong_{category.code}"]

    def changes(self) -> dict[str, Any]:
        """Return the valid numbers as `set_policy` takes them."""
        data = self.cleaned_data
        return {
            "accept_at": _share(data["accept_percent"]),
            "audit_rate": _share(data["audit_percent"]),
            "audit_rates": {
                stratum: _share(data[f"{stratum}_percent"])
                for stratum in ("near", "middle")
                if data[f"{stratum}_percent"] is not None
            },
            "target_error": _share(data["target_percent"]),
            "fairness_bound": data["fairness_bound"],
            "thresholds": self._of_categories("accept", _share),
            "missing_thresholds": {
                kind: _share(data[f"{kind}_percent"])
                for kind in ("image", "text")
                if data[f"{kind}_percent"] is not None
            },
            "costs": {
                "wrong": float(data["wrong"]),
                "by_category": self._of_categories("wrong", float),
                "review_minute": float(data["review_minute"]),
                "review_seconds": data["review_seconds"],
                "delay_hour": float(data["delay_hour"] or 0),
                "delay_hours": float(data["delay_hours"] or 0),
                "moderator_error": _share(data["error_percent"] or 0),
            },
        }

    def _of_categories(self, name: str, number: Any) -> dict[str, float]:
        return {
            str(category.code): number(value)
            for category in self.categories
            if (value := self.cleaned_data[f"{name}_{category.code}"]) is not None
        }


def initial_of(policy: RoutingPolicy) -> dict[str, Any]:
    """Return the numbers of a version as the form shows them."""
    paid: Costs = costs(policy)
    values: Mapping[str, Any] = {
        "accept_percent": _as_percent(policy.accept_at),
        "audit_percent": _as_percent(policy.audit_rate),
        "target_percent": _as_percent(policy.target_error),
        "wrong": paid.wrong,
        "review_minute": paid.review_minute,
        "review_seconds": paid.review_seconds,
        "delay_hour": paid.delay_hour,
        "delay_hours": paid.delay_hours,
        "error_percent": _as_percent(paid.moderator_error),
        "fairness_bound": policy.fairness_bound,
    }
    missing = {f"{k}_percent": _as_percent(at) for k, at in policy.missing_thresholds.items()}
    missing |= {f"{s}_percent": _as_percent(rate) for s, rate in policy.audit_rates.items()}
    own = {f"accept_{code}": _as_percent(at) for code, at in policy.thresholds.items()}
    paid_in = {f"wrong_{code}": cost for code, cost in paid.by_category.items()}
    return {**values, **missing, **own, **paid_in}


def _cell(label: Any, category: Category) -> forms.NumberInput:
    return forms.NumberInput(attrs={"class": "input-cell", "aria-label": f"{label} {category}"})


def _share(percent: Any) -> float:
    return round(float(percent) / 100, 6)


def _as_percent(share: float) -> float:
    return round(share * 100, 4)
