"""A progress bar on standard error, so that standard output stays clean for results."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 30
_SECONDS_BETWEEN = 0.1


class Progress:
    """Draws one line per stage. On anything but a terminal it prints each stage once, at its end."""

    def __init__(self, stream: TextIO | None = None, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_terminal = self._stream.isatty()
        self._stage = ""
        self._started = 0.0
        self._drawn = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` steps of `stage` are finished."""
        if self._is_quiet:
            return
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._started, self._drawn = stage, now, 0.0
        is_over = done >= total
        if self._is_terminal and (is_over or now - self._drawn >= _SECONDS_BETWEEN):
            self._drawn = now
            self._draw(stage, done, total, now - self._started, "\n" if is_over else "")
        elif is_over and not self._is_terminal:
            self._stream.write(f"{stage}: {total} in {now - self._started:.1f} s\n")
        self._stream.flush()

    def _draw(self, stage: str, done: int, total: int, seconds: float, end: str) -> None:
        share = done / total if total else 1.0
        bar = "#" * round(share * _WIDTH)
        left = f", {seconds / share - seconds:.0f} s left" if 0.02 < share < 1 else ""
        line = f"{stage:<8} [{bar:<{_WIDTH}}] {done}/{total}, {seconds:.0f} s{left}"
        self._stream.write(f"\r{line:<78}{end}")
