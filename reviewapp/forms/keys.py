"""A moderator's own keys."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reviewapp.domain.keys import DEFAULT_KEYS, KeyFault, faults

_LABELS = {
    "confirm": _("Confirm the first suggestion, besides Enter and Space"),
    "skip": _("Skip"),
    "escalate": _("Ask a lead"),
    "undo": _("Undo my last answer"),
    "zoom": _("Enlarge the picture"),
    "next_picture": _("Next picture"),
    "search": _("Open the search of categories"),
    "help": _("List of the keys"),
}
_FAULTS = {
    KeyFault.NOT_ONE: _("Type one single key."),
    KeyFault.RESERVED: _("Digits and the space bar have their meaning already."),
    KeyFault.TAKEN: _("Another action has this key."),
}


class KeysForm(forms.Form):
    """One field for each action; an empty one switches its key off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for action in DEFAULT_KEYS:
            self.fields[action] = forms.CharField(
                label=_LABELS[action],
                required=False,
                max_length=4,
                strip=False,
                widget=forms.TextInput(attrs={"class": "input key-field", "autocomplete": "off"}),
            )

    def clean(self) -> dict[str, str]:
        data: Mapping[str, str] = super().clean() or {}
        keys = {action: data.get(action, "").lower() for action in DEFAULT_KEYS}
        for action, fault in faults(keys).items():
            self.add_error(action, _FAULTS[fault])
        return keys
