"""A figure: a chart, the table beside it and the same as CSV, made from one list of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal

SHORT: Final = 7


@dataclass(frozen=True, slots=True)
class Link:
    """A word that leads to a page."""

    text: str
    address: str


Value = str | float | date | datetime | tuple[Link, ...] | None
# How a column is written in the page; a CSV file has the raw number.
Unit = Literal[
    "text",
    "day",
    "moment",
    "count",
    "share",
    "seconds",
    "amount",
    "money",
    "change",
    "words",
    "links",
]


@dataclass(frozen=True, slots=True)
class Column:
    """name: in CSV files, English; label: in the page."""

    name: str
    label: str
    unit: Unit = "text"

    @property
    def is_number(self) -> bool:
        """Whether its values stand to the right."""
        return self.unit not in ("text", "day", "moment", "words", "links")


@dataclass(frozen=True, slots=True)
class Panel:
    """words: what it says, in sentences. empty: what to say when there is no row."""

    title: str
    words: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    chart: dict[str, Any] | None
    empty: str

    @property
    def is_short(self) -> bool:
        """Whether the table stands beside the chart from the start: the rest is fetched when asked."""
        return len(self.rows) <= SHORT

    def cells(self) -> Iterator[list[tuple[Column, Value]]]:
        """Each row's values with their columns."""
        return (list(zip(self.columns, row, strict=True)) for row in self.rows)

    def raw(self) -> Iterator[list[str | float | None]]:
        """Each row as a CSV file has it."""
        for row in self.rows:
            yield [_raw(one) for one in row]


def _raw(value: Value) -> str | float | None:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(one.text for one in value)
    return value
