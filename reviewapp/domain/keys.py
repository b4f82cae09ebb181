"""Which key does what at the review desk: one set for all, with each person's own changes. Pure.

Enter and Space always confirm, and digits pick a suggestion by their place on the keyboard: these
are the same on every keyboard. Everything else may be moved or switched off, and all keys that
write a character at once: who speaks to the computer, or hits keys by accident, needs that (WCAG
2.1.4, "Character Key Shortcuts").
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

# Action -> key. Empty: no key.
DEFAULT_KEYS: dict[str, str] = {
    "confirm": "",
    "skip": "s",
    "escalate": "e",
    "undo": "u",
    "zoom": "z",
    "next_picture": "x",
    "search": "/",
    "help": "?",
}


class KeyFault(Enum):
    """Why a key cannot be used."""

    NOT_ONE = "not_one"
    RESERVED = "reserved"
    TAKEN = "taken"


def keys_of(own: Mapping[str, str], *, has_characters: bool = True) -> dict[str, str]:
    """Return the key of each action, with a person's `own` changes; unknown actions are left out.

    Without `has_characters` no action has one.
    """
    return {
        action: own.get(action, key) if has_characters else ""
        for action, key in DEFAULT_KEYS.items()
    }


def own_changes(keys: Mapping[str, str]) -> dict[str, str]:
    """Return what of `keys` differs from the common set, so that a new default reaches everybody."""
    return {
        action: keys[action]
        for action, default in DEFAULT_KEYS.items()
        if action in keys and keys[action] != default
    }


def faults(keys: Mapping[str, str]) -> dict[str, KeyFault]:
    """Return what is wrong with `keys`, by action; empty when nothing is.

    A key is one character that writes something and is no digit. No two actions share one; of
    two that do, the later one is named.
    """
    found: dict[str, KeyFault] = {}
    seen: set[str] = set()
    for action in DEFAULT_KEYS:
        key = keys.get(action, "")
        if not key:
            continue
        if len(key) != 1 or not key.isprintable():
            found[action] = KeyFault.NOT_ONE
        elif key.isspace() or key.isdecimal():
            found[action] = KeyFault.RESERVED
        elif key in seen:
            found[action] = KeyFault.TAKEN
        seen.add(key)
    return found
