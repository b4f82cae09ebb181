"""The manifest of a snapshot: everything that names its content, counted while rows pass by."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from reviewapp.choices import Split
from reviewapp.domain.snapshots import (
    SCHEMA,
    WEIGHT_LIMIT,
    Filters,
    SnapshotRow,
    canonical_json,
    timestamp,
    weight,
)
from reviewapp.domain.splits import SHARES
from reviewapp.models import Category, ModelVersion

UNKNOWN = "unknown"
"""Stands for the language of a text that was not recognised."""


class Tally:
    """Counts of the rows that have gone by."""

    def __init__(self) -> None:
        self._codes: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._flags: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._models: Counter[str] = Counter()
        self._languages: Counter[str] = Counter()
        self._moderators: set[str] = set()
        self._weights = [0.0, 0.0]  # sum, sum of squares
        self._first: datetime | None = None
        self._last: datetime | None = None

    def count(self, row: SnapshotRow) -> None:
        self._codes[row.code][row.split] += 1
        self._sources[row.label_source] += 1
        self._reasons.update(row.reasons)
        self._languages[row.language or UNKNOWN] += 1
        self._moderators.add(row.moderator)
        if row.model_version is not None:
            self._models[row.model_version] += 1
        self._flags["blind"] += row.is_blind
        self._flags["without_picture"] += row.image_sha256 is None
        self._flags["predicted"] += row.predicted_code is not None
        self._flags["against_prediction"] += row.predicted_code not in (None, row.code)
        own = weight(row.inclusion_probability)
        self._flags["weight_clipped"] += 1 / row.inclusion_probability > WEIGHT_LIMIT
        self._weights[0] += own
        self._weights[1] += own * own
        self._first = min(self._first or row.decided_at, row.decided_at)
        self._last = max(self._last or row.decided_at, row.decided_at)

    def manifest(self, filters: Filters, rows_sha256: str) -> dict[str, Any]:
        """Return the manifest of at least one row. When it was made is no part of it."""
        categories = [
            category
            for category in Category.objects.order_by("code")
            if category.is_active or category.code in self._codes
        ]
        return {
            "schema": SCHEMA,
            "filters": filters.as_json(),
            "rows": self._sources.total(),
            "rows_sha256": rows_sha256,
            # Their order is what y counts, from 0.
            "classes": [
                {"code": category.code, "name_fr": category.name_fr, "name_en": category.name_en}
                for category in categories
            ],
            "taxonomy": _taxonomy_version(categories),
            "counts": {
                str(category.code): self._codes[category.code].total() for category in categories
            },
            "split_shares": {str(split): share for split, share in SHARES.items()},
            "splits": {
                str(split): {
                    str(code): counts[split] for code, counts in sorted(self._codes.items())
                }
                for split in Split
            },
            "label_sources": dict(sorted(self._sources.items())),
            "reasons": dict(sorted(self._reasons.items())),
            "languages": dict(sorted(self._languages.items())),
            "moderators": len(self._moderators),
            "model_versions": _model_versions(self._models),
            "rows_that_are": dict(sorted(self._flags.items())),
            "weights": {
                "limit": WEIGHT_LIMIT,
                "effective_rows": round(self._weights[0] ** 2 / self._weights[1], 1),
            },
            "decided": [timestamp(moment) for moment in (self._first, self._last) if moment],
        }


def _taxonomy_version(categories: list[Category]) -> str:
    """Return the sha256 over all that says what the classes mean."""
    meaning = [
        [
            category.code,
            category.name_fr,
            category.name_en,
            category.definition_fr,
            category.definition_en,
            category.includes,
            category.excludes,
            category.is_active,
        ]
        for category in categories
    ]
    return hashlib.sha256(canonical_json(meaning)).hexdigest()


def _model_versions(counts: Counter[str]) -> list[dict[str, Any]]:
    """Name the models whose answers stood beside the decisions, each with its content's hash."""
    hashes = dict(
        ModelVersion.objects.filter(name__in=counts).values_list("name", "manifest_sha256")
    )
    return [
        {"name": name, "manifest_sha256": hashes[name], "rows": number}
        for name, number in sorted(counts.items())
    ]
