"""What a snapshot holds, and the hashes that name its content. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, Final

from reviewapp.choices import LabelSource

SCHEMA: Final = 1
"""Version of SnapshotRow and of the manifest; part of every digest."""
WEIGHT_LIMIT: Final = 10.0
"""Largest weight of a row: one rare audit must not outweigh ten ordinary products."""


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One live label with its product as both were. Who reported the product is no part of it.

    moderator: a pseudonym, the same for one person in all snapshots of this installation; of an
        imported label that of the person who gave it in the other tool
    inclusion_probability: with which a product like this one is looked at by a person, (0, 1]
    answers, agreeing: standing answers of people about the product, and how many gave this category
    superseded: how many earlier labels of the product this one has replaced
    predicted_code, confidence, predicted_by: FUSION's newest answer for this very input
    group: near duplicates share it; split: train, validation or test
    """

    product_id: int
    source: str
    external_id: str
    designation: str
    description: str
    language: str
    image_id: int | None
    image_sha256: str | None
    input_digest: str
    code: int
    decided_at: datetime
    label_source: str
    moderator: str
    model_version: str | None
    reasons: list[str]
    is_blind: bool
    inclusion_probability: float
    answers: int
    agreeing: int
    superseded: int
    predicted_code: int | None
    confidence: float | None
    predicted_by: str | None
    group: str
    split: str

    @property
    def agreement(self) -> float | None:
        """Share of people's answers that agree with the label; None when there is none here."""
        return self.agreeing / self.answers if self.answers else None


_VALUES: Final = attrgetter(*(field.name for field in fields(SnapshotRow)))


@dataclass(frozen=True, slots=True)
class Filters:
    """Which live labels a snapshot selects; the default is all of them.

    sources: LabelSource values, empty for every source
    decided_from, decided_until: days in UTC, both included
    """

    sources: tuple[str, ...] = ()
    is_blind_only: bool = False
    decided_from: date | None = None
    decided_until: date | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "sources": sorted(self.sources),
            "blind_only": self.is_blind_only,
            "decided_from": self.decided_from.isoformat() if self.decided_from else None,
            "decided_until": self.decided_until.isoformat() if self.decided_until else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Filters:
        """Read back what `as_json` wrote."""
        return cls(
            sources=tuple(str(LabelSource(source)) for source in stored.get("sources", ())),
            is_blind_only=bool(stored.get("blind_only")),
            decided_from=_day(stored.get("decided_from")),
            decided_until=_day(stored.get("decided_until")),
        )


def canonical_line(row: SnapshotRow) -> bytes:
    """Return the one way to write a row for hashing: a JSON array in the order of the fields."""
    values = [_canonical_value(value) for value in _VALUES(row)]
    return canonical_json(values) + b"\n"


def canonical_json(value: Any) -> bytes:
    """Return JSON in UTF-8 with sorted keys and no blanks. Raises ValueError for nan and infinity."""
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode("utf-8")


def digest_of(manifest: Mapping[str, Any]) -> str:
    """Return the name of a snapshot's content; the manifest holds the hash of the rows."""
    return hashlib.sha256(canonical_json(manifest)).hexdigest()


def timestamp(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def weight(inclusion_probability: float) -> float:
    """Return the clipped inverse of the probability with which a person looks at such a product."""
    return min(1.0 / inclusion_probability, WEIGHT_LIMIT)


def _canonical_value(value: Any) -> Any:
    return timestamp(value) if isinstance(value, datetime) else value


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


@dataclass(frozen=True, slots=True)
class SnapshotDiff:
    """What differs from one snapshot to another: product ids, ascending.

    moves: ((code before, code after), how many), most frequent first
    """

    added: list[int]
    removed: list[int]
    relabelled: list[int]
    unchanged: int
    moves: list[tuple[tuple[int, int], int]]
