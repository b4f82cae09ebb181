"""The model in service, measured on rolling audits and reviews, so that pages only read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from reviewapp.domain.evaluation import evaluation_metrics
from reviewapp.models import LiveMeasure, ModelVersion
from reviewapp.selectors import model_versions
from reviewapp.selectors.audited import audited, has_news, live_measure
from reviewapp.selectors.quality import PERIODS
from reviewapp.services.policies import current_policy

FEWEST: Final = 100
"""Fewer products say too little about a model."""

# The days of a period pass even where nobody decides.
_GOOD_FOR: Final = timedelta(days=1)


def measure_live(*, now: datetime) -> int:
    """Measure the champion over each period where that is due; return over how many.

    Reads all its routes of the period. Due are those never measured, those of yesterday, and those
    with a hundredth more decisions since.
    """
    champion = model_versions.champion()
    if champion is None:
        return 0
    due = [days for days in PERIODS if _is_due(champion, days, now)]
    for days in due:
        _measure(champion, days, now)
    return len(due)


def _is_due(version: ModelVersion, days: int, now: datetime) -> bool:
    last = live_measure(version, days=days)
    return last is None or last.measured_at <= now - _GOOD_FOR or has_news(last)


def _measure(version: ModelVersion, days: int, now: datetime) -> None:
    found = audited(version, since=now - timedelta(days=days), until=now)
    metrics: dict[str, Any] = {}
    if found and len(found.sheet) >= FEWEST:
        metrics = evaluation_metrics(found.sheet, current_policy(now=now).target_error)
    numbers = {
        "products": len(found.sheet) if found else 0,
        "audits": found.audits if found else 0,
        "metrics": metrics,
        "measured_at": now,
    }
    LiveMeasure.objects.update_or_create(model_version=version, days=days, defaults=numbers)
