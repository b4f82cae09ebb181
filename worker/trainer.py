"""The training program as a child of the worker: started, listened to, stopped.

A process of its own gives its memory back, can be stopped at any moment, and takes nobody along
when it dies. It ends by itself when the worker is gone (`classifier run --parent`).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from celery.signals import worker_shutting_down
from django.conf import settings

from reviewapp.services.training import RunHold

_LOG: Final = "training.log"
_TICK_SECONDS: Final = 0.5
_LAST_WORDS: Final = 2000  # characters of the log that a failure shows
# Everything numerical in one thread, and after all other work: a site with two cores goes on.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}

# Made before the worker forks, so that its processes share it: the signal reaches the parent only.
_is_stopping = RawValue(ctypes.c_bool, False)


@worker_shutting_down.connect
def _note(**_kwargs: Any) -> None:
    _is_stopping.value = True


@dataclass(slots=True)
class Outcome:
    """How the program ended. code: its exit code, negative for a signal; None when it was stopped."""

    code: int | None
    result: dict[str, Any] | None = None
    last_words: str = ""


@dataclass(slots=True)
class Heard:
    """What the program has said since the last tick. points: (curve, x, y)."""

    stage: dict[str, Any] | None = None
    points: list[tuple[str, float, float]] = field(default_factory=list)
    result: dict[str, Any] | None = None


def is_stopping() -> bool:
    """Whether this worker has been told to end."""
    return bool(_is_stopping.value)


def train(hold: RunHold, elder: Path | None, tick: Callable[[Heard], bool]) -> Outcome:
    """Run the program on the run's folder until it ends or is stopped; return how it went.

    elder: the artifact of the version that keeps a share of the vote
    tick: called about twice a second with what was heard; says whether to stop. Whatever it
    raises stops the program too.
    """
    log = hold.folder / _LOG
    with log.open("wb") as errors:
        process = _start(hold, elder, errors)
    try:
        outcome = _listen(process, tick)
    finally:
        # Safe at any moment: caches and checkpoints are whole or not there.
        _kill(process)
    outcome.last_words = _tail(log)
    return outcome


def _start(hold: RunHold, elder: Path | None, errors: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "classifier", "run", str(hold.folder)]
    command += ["--images", str(settings.MEDIA_ROOT)]
    command += ["--backbones", str(settings.BACKBONES_ROOT)]
    command += ["--features", str(Path(settings.VAR_DIR) / "features")]
    command += ["--out", str(hold.part), "--parent", str(os.getpid())]
    command += ["--elder", str(elder)] if elder else []
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=settings.BASE_DIR,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        start_new_session=True,
    )


def _listen(process: subprocess.Popen[bytes], tick: Callable[[Heard], bool]) -> Outcome:
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_read, args=(process, lines), name="training-output").start()
    result, is_over = None, False
    while not is_over:
        heard, is_over = _gather(lines)
        result = heard.result or result
        if tick(heard):
            return Outcome(None)
    return Outcome(process.wait(), result)


def _read(process: subprocess.Popen[bytes], lines: SimpleQueue[bytes | None]) -> None:
    if process.stdout is not None:
        with process.stdout as output:
            for line in output:
                lines.put(line)
    lines.put(None)


def _gather(lines: SimpleQueue[bytes | None]) -> tuple[Heard, bool]:
    """Wait one tick for something to be said; return all of it, and whether that was the end."""
    heard = Heard()
    try:
        line = lines.get(timeout=_TICK_SECONDS)
        while line is not None:
            _take(heard, line)
            line = lines.get_nowait()
    except Empty:
        return heard, False
    return heard, True


def _take(heard: Heard, line: bytes) -> None:
    with suppress(ValueError):  # a library's own words
        event = json.loads(line)
        if "stage" in event:
            heard.stage = event
        elif "curve" in event:
            heard.points.append((event["curve"], event["x"], event["y"]))
        elif "manifest_sha256" in event:
            heard.result = event


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program with everything it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LAST_WORDS))
        return file.read().decode(errors="replace").strip()
