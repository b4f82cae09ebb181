"""The row-by-row report of an import: a CSV of exactly one line per row handled."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from reviewapp.domain.products import Outcome
from reviewapp.domain.spreadsheet import guarded

_HEADER = ("row", "external_id", "outcome", "reason")


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What became of one row; `reason` says why it was refused, or what was left out."""

    number: int
    external_id: str
    outcome: Outcome
    reason: str = ""


def cut_report(path: Path, rows: int) -> None:
    """Keep the header and the lines of the first `rows` rows.

    A worker killed between writing lines and committing leaves more of them than rows count.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(",".join(_HEADER) + "\r\n", encoding="utf-8-sig", newline="")
        return
    with path.open("r+b") as file:
        for _line in range(rows + 1):
            file.readline()
        file.truncate()


def append_lines(path: Path, lines: Iterable[ReportLine]) -> None:
    """Write lines and see them onto the disk."""
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for line in lines:
            writer.writerow(
                (line.number, _cell(line.external_id), line.outcome.value, _cell(line.reason))
            )
        file.flush()
        os.fsync(file.fileno())


def _cell(text: str) -> str:
    """One line of text without formulas or halves of characters; a line break would be a row."""
    return guarded(" ".join(text.encode("utf-8", "replace").decode("utf-8").split()))
