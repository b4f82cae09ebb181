"""A figure: a chart, the table beside it and the same as CSV, made from one list of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

Value = str | float | date | datetime | None
# How a column is written in the page; a CSV file has the raw number.
Unit = Literal["text", "day", "moment", "count", "share", "seconds", "amount", "money"]


@dataclass(frozen=True, slots=True)
class Column:
    """name: in CSV files, English; label: in the page."""

    name: str
    label: str
    unit: Unit = "text"


@dataclass(frozen=True, slots=True)
class Panel:
    """words: what it says, in sentences. empty: what to say when there is no row."""

    title: str
    words: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    chart: dict[str, Any] | None
    empty: str

    def cells(self) -> Iterator[list[tuple[Column, Value]]]:
        """Each row's values with their columns."""
        return (list(zip(self.columns, row, strict=True)) for row in self.rows)

    def raw(self) -> Iterator[list[str | float | None]]:
        """Each row as a CSV file has it."""
        for row in self.rows:
            yield [one.isoformat() if isinstance(one, date) else one for one in row]
