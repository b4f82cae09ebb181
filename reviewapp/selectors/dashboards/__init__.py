"""Figures of the dashboards. They read roll-ups and small tables only, never routes or decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final

from reviewapp.selectors.dashboards.automation import accuracy, automation
from reviewapp.selectors.dashboards.delays import cohorts, percentiles, service_level
from reviewapp.selectors.dashboards.errors import errors_by_cost, errors_by_frequency
from reviewapp.selectors.dashboards.panel import Panel
from reviewapp.selectors.dashboards.people import team, throughput
from reviewapp.selectors.dashboards.queue import queue
from reviewapp.selectors.dashboards.reports import reports
from reviewapp.selectors.dashboards.scope import Scope
from reviewapp.selectors.dashboards.value import value

__all__ = ["PANELS", "Panel", "Scope", "panels"]

# By the name of its CSV file, in the order of the page.
PANELS: Final[dict[str, Callable[[Scope, datetime], Panel]]] = {
    "automation": automation,
    "accuracy": accuracy,
    "value": value,
    "errors-by-cost": errors_by_cost,
    "errors-by-frequency": errors_by_frequency,
    "delays": percentiles,
    "cohorts": cohorts,
    "service-level": service_level,
    "reports": reports,
    "queue": queue,
    "throughput": throughput,
    "team": team,
}


def panels(names: Iterable[str], scope: Scope, now: datetime) -> Sequence[tuple[str, Panel]]:
    """Return figures of PANELS with their names."""
    return [(name, PANELS[name](scope, now)) for name in names]
