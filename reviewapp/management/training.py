"""Running the classifier's own training program, with its progress bar, as a process of its own.

torch must not come into a Django process; and a process gives its memory back when it ends.
"""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

OnProgress = Callable[[str, int, int], None]

# As `classifier.cli.progress` draws it on a terminal: "text     [####    ] 12/80, 3 s".
_BAR = re.compile(r"(\w[\w -]*?)\s*\[[# ]*\]\s*(\d+)/(\d+)")
_TAIL = 20


class TrainingFailed(Exception):
    """The training program ended with an error; the text is what it said last."""


def train_model(*, data: Path, out: Path, cache: Path, on_progress: OnProgress) -> dict[str, Any]:
    """Train on the folder `data` into the new directory `out`; return the program's JSON answer.

    cache: where pretrained networks and encoded inputs are kept; a run that was killed goes on there
    on_progress: hears (stage, done, total). Raises TrainingFailed.
    """
    command = [sys.executable, "-m", "classifier", "train", "--json", "--data"]
    command += [
        str(data.absolute()),
        "--out",
        str(out.absolute()),
        "--cache",
        str(cache.absolute()),
    ]
    # A terminal of its own, because the program draws its bar for terminals only.
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        said = _relay(ours, on_progress)
        answer = process.stdout.read() if process.stdout else b""
    if process.returncode != 0:
        raise TrainingFailed("\n".join(said) or f"The training program ended: {process.returncode}")
    result: dict[str, Any] = json.loads(answer)
    return result


def _relay(terminal: int, on_progress: OnProgress) -> list[str]:
    """Pass the bar on until the program has ended; return the last other lines it wrote."""
    said: list[str] = []
    for line in _lines(terminal):
        if bar := _BAR.search(line):
            on_progress(bar[1], int(bar[2]), int(bar[3]))
        elif line.strip():
            said = [*said[1 - _TAIL :], line.strip()]
    return said


def _lines(terminal: int) -> Iterator[str]:
    left = ""
    with os.fdopen(terminal, "rb", buffering=0) as file:
        while chunk := _read(file.fileno()):
            *whole, left = re.split(r"[\r\n]+", left + chunk.decode(errors="replace"))
            yield from whole
    yield left


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # EIO is how Linux says that nobody has the other end any more
        return b""
