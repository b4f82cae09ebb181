"""What people read: prefixed lines on the terminal, bounded files in var/log."""

import sys
import time
from pathlib import Path
from typing import TextIO

_FILE_BYTES = 5 * 2**20
_COLOURS = {
    "web": 36,
    "beat": 35,
    "worker-default": 33,
    "worker-inference": 32,
    "worker-evaluation": 34,
    "worker-training": 31,
}
_BAR_WIDTH = 24
_QUIET_SECONDS = 10.0  # between progress lines where they cannot be drawn over each other


class BoundedLog:
    """A log file of at most 5 MB, and the one before it."""

    def __init__(self, path: Path, limit: int = _FILE_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._file = path.open("ab")

    def write(self, line: bytes) -> None:
        if self._file.tell() + len(line) > self._limit:
            self._file.close()
            self._path.replace(self._path.with_suffix(".log.1"))
            self._file = self._path.open("ab")
        self._file.write(line)
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class Console:
    """The terminal; in a pipe or a file it writes neither colours nor moving bars."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._bar_shown = False
        self._bar_at = 0.0

    def say(self, text: str = "") -> None:
        self._clear_bar()
        self._write(f"{text}\n")

    def line(self, name: str, text: str) -> None:
        """Show one line of a program's output under its name."""
        prefix = f"{name:<17} | "
        if self._terminal:
            prefix = f"\033[{_COLOURS.get(name, 37)}m{prefix}\033[0m"
        self.say(prefix + text)

    def progress(self, done: int, total: int, text: str) -> None:
        """Draw a progress bar: in place on a terminal, else a line now and then."""
        share = min(1.0, done / total) if total else 1.0
        if not self._terminal:
            if done < total and time.monotonic() - self._bar_at < _QUIET_SECONDS:
                return
            self._bar_at = time.monotonic()
            self._write(f"{share:4.0%}  {text}\n")
            return
        filled = round(share * _BAR_WIDTH)
        bar = "█" * filled + "░" * (_BAR_WIDTH - filled)
        self._write(f"\r\033[2K{bar} {share:4.0%}  {text[:60]}")
        self._bar_shown = True

    def _clear_bar(self) -> None:
        if self._bar_shown:
            self._write("\r\033[2K")
            self._bar_shown = False

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (BrokenPipeError, OSError):
            # The terminal is gone. Work, or shut down, without it.
            self._stream = Path("/dev/null").open("w", encoding="utf-8")  # noqa: SIM115
