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
    """One field for each action; an empty one switches its key off, and `has_characters` all."""

    has_characters = forms.BooleanField(
        label=_("Single letters, digits and signs are shortcuts"),
        help_text=_(
            "Off: only Enter, Space, Tab and Escape act, and everything has a button. Better if "
            "you speak to the computer, or if a slip of the hand must not answer."
        ),
        required=False,
    )

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

    @property
    def actions(self) -> list[forms.BoundField]:
        return [self[action] for action in DEFAULT_KEYS]

    def keys(self) -> dict[str, str]:
        """Return the key of each action. Only of a valid form."""
        return {action: self.cleaned_data[action] for action in DEFAULT_KEYS}

    def clean(self) -> dict[str, Any]:
        data: Mapping[str, Any] = super().clean() or {}
        keys = {action: data.get(action, "").lower() for action in DEFAULT_KEYS}
        for action, fault in faults(keys).items():
            self.add_error(action, _FAULTS[fault])
        return {**data, **keys}
