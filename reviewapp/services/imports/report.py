"""The row-by-row report of an import: a CSV of exactly one line per row handled."""

import csv
import io
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reviewapp.domain.products import Outcome
from reviewapp.domain.spreadsheet import guarded

_HEADER = ("row", "external_id", "outcome", "reason")
# The page asks every second: it looks into the beginning of a long report only.
_LOOKED_AT_BYTES = 2 * 2**20


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


def first_refused(path: Path, *, most: int) -> list[ReportLine]:
    """Return the first refused rows, for a page; none when there is no report yet.

    Rows that are refused only far down a long report are in the file alone.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(_LOOKED_AT_BYTES)
    except FileNotFoundError:
        return []
    # Without the last line, which may be cut or still be written.
    whole = beginning[: beginning.rfind(b"\n") + 1].decode("utf-8-sig")
    return list(itertools.islice(_refused(csv.reader(io.StringIO(whole, newline=""))), most))


def _refused(rows: Iterable[list[str]]) -> Iterator[ReportLine]:
    for row in rows:
        if len(row) == len(_HEADER) and row[2] == Outcome.REFUSED:
            yield ReportLine(int(row[0]), row[1], Outcome.REFUSED, row[3])


def _cell(text: str) -> str:
    """One line of text without formulas or halves of characters; a line break would be a row."""
    return guarded(" ".join(text.encode("utf-8", "replace").decode("utf-8").split()))
