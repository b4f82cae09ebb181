"""When a model is due by itself, and what is missing for the first one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


@dataclass(frozen=True, slots=True)
class Schedule:
    """every_labels, every_days: None for never; first_labels 0: no first model by itself."""

    every_labels: int | None
    every_days: int | None
    first_labels: int
    first_per_category: int


class Due(Enum):
    """Why a run is due."""

    LABELS = "labels"
    DAYS = "days"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing for the first model: labels in all, and in each category that lacks some."""

    labels: int
    by_category: Mapping[int, int]

    @property
    def is_nothing(self) -> bool:
        return self.labels == 0 and not self.by_category


def missing_labels(counts: Mapping[int, int], schedule: Schedule) -> Missing:
    """Return what is missing when category codes have `counts` labels; every category is named."""
    least = schedule.first_per_category
    return Missing(
        labels=max(0, schedule.first_labels - sum(counts.values())),
        by_category={code: least - n for code, n in sorted(counts.items()) if n < least},
    )


def due(
    schedule: Schedule, *, new_labels: int, last_at: datetime | None, now: datetime
) -> Due | None:
    """Return why a run is due, or None.

    new_labels: given since the last run's rows were frozen; last_at: when that run was asked for,
    or when the schedule came into force where there was none
    """
    if new_labels == 0:
        return None  # the same rows would give the same model
    if schedule.every_labels and new_labels >= schedule.every_labels:
        return Due.LABELS
    if schedule.every_days is None or last_at is None:
        return None
    return Due.DAYS if now - last_at >= timedelta(days=schedule.every_days) else None
