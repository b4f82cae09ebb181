"""Reasons that code gives: kept in no language, told in the reader's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Reason:
    """A message id, marked by gettext_noop, and the values that stand in it."""

    words: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        told = gettext(self.words)
        return told % self.values if self.values else told

    def as_json(self) -> list[Any]:
        """Return what `from_json` reads."""
        return [self.words, dict(self.values)]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> Reason:
        """Read a stored reason; words alone are from before values were kept beside them."""
        return cls(*stored)
