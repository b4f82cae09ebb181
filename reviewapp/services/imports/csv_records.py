"""CSV (RFC 4180) record by record: a broken one costs its first line alone.

A quotation mark that is never closed makes a parser swallow the rows behind it, or marry two of
them. Records are therefore parsed strictly, and of one that breaks the rules only the first line is
given up; reading goes on with the second.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from django.utils.translation import gettext as _

# Larger than any row we take: two texts of 200 kB, each character doubled or escaped.
ROW_CHARS: Final = 4 * 2**20
_CHUNK: Final = 2**20


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line of the file, counted from 1, that is no record and begins none; `problem` says why."""

    line: int
    problem: str


class _TooLong(Exception):
    """A line longer than ROW_CHARS."""


class _Lines:
    """Lines of a file, which can be handed back; `taken` are those since the last `begin`."""

    def __init__(self, file: TextIO, number: int) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.first = number + 1
        self._chars = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._chars > ROW_CHARS:
            raise StopIteration
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self.taken.append(line)
        self._chars += len(line)
        if len(line) >= ROW_CHARS:
            raise _TooLong
        return line

    def begin(self) -> None:
        """Begin a record behind the last one."""
        self.first += len(self.taken)
        self.taken.clear()
        self._chars = 0

    def give_back(self) -> None:
        """Let all lines taken but the first be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def _read(self) -> str:
        """Read a line, of one that is too long the beginning."""
        line = self._file.readline(ROW_CHARS)
        end = line
        while len(line) >= ROW_CHARS and end and not end.endswith(("\n", "\r")):
            end = self._file.readline(_CHUNK)
        return line


def csv_records(
    file: TextIO, delimiter: str, width: int, *, lines_read: int = 1
) -> Iterator[list[str] | BrokenLine]:
    """Yield the records of an open CSV file of `width` columns; a line that is none as BrokenLine.

    A record of another width comes as it is if it is one line; more lines than one are then taken
    for a quotation mark too many. lines_read: lines of the file before its present position
    """
    csv.field_size_limit(ROW_CHARS)
    lines = _Lines(file, lines_read)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader, None)
        except (csv.Error, _TooLong) as error:
            yield _lenient(lines, delimiter, width) or _broken(lines, error)
            continue
        if cells is None:
            return
        if len(lines.taken) > 1 and len(_filled(cells, width)) != width:
            yield _unclosed(lines)
        elif cells:  # a blank line is no row
            yield _filled(cells, width)


def _filled(cells: list[str], width: int) -> list[str]:
    """Return the cells without empty ones beyond the width."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return cells


def _lenient(lines: _Lines, delimiter: str, width: int) -> list[str] | None:
    """Read a single line such as `7,"24" monitor",black` as spreadsheets do; None when it is not whole."""
    if len(lines.taken) > 1 or len(lines.taken[0]) >= ROW_CHARS:
        return None
    cells = _filled(
        next(csv.reader([lines.taken[0].rstrip("\r\n") + "\n"], delimiter=delimiter)), width
    )
    # A cell that holds the line's end was never closed.
    return cells if len(cells) == width and not cells[-1].endswith("\n") else None


def _broken(lines: _Lines, error: Exception) -> BrokenLine:
    if isinstance(error, _TooLong):
        lines.give_back()
        return BrokenLine(
            lines.first, _("Line %(line)s of the file is too long.") % {"line": lines.first}
        )
    return _unclosed(lines)


def _unclosed(lines: _Lines) -> BrokenLine:
    lines.give_back()
    message = _("Line %(line)s of the file has a quotation mark too many or too few.")
    return BrokenLine(lines.first, message % {"line": lines.first})
