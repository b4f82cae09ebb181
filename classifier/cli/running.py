"""`run`: a training run in its folder, told in JSON lines, as the site's worker starts it.

Each line of standard output is one object: {"stage", "done", "total"}, {"curve", "x", "y"} or, at
the end, {"manifest_sha256", "metrics"}.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ORPHANED: Final = 75  # EX_TEMPFAIL, which no error of ours ends with
"""Exit status of a process that nobody waits for any more."""
_WATCH_SECONDS: Final = 0.5
_STAGE_SECONDS: Final = 0.2


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="holds rows.jsonl and config.json")
    parser.add_argument("--images", type=Path, required=True, help="where the pictures lie")
    parser.add_argument("--backbones", type=Path, required=True, help="pretrained networks")
    parser.add_argument("--features", type=Path, required=True, help="cache of encoded inputs")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", type=Path, help="new directory for the model")
    what.add_argument("--tune", choices=["text", "image"], help="only fine-tune, for torchrun")
    parser.add_argument("--elder", type=Path, help="model that keeps a share of the vote")
    parser.add_argument("--parent", type=int, default=None, help="end when this process has gone")


def run(arguments: argparse.Namespace) -> None:
    """Work on the run until it is done."""
    from classifier.run import Run, alone, is_abandoned

    run = Run(
        arguments.folder.resolve(),
        arguments.images.resolve(),
        arguments.backbones.resolve(),
        arguments.features.resolve(),
        arguments.elder and arguments.elder.resolve(),
    )
    parent = arguments.parent
    if arguments.tune:
        # Its own parent is torchrun, which may outlive whoever has started that.
        if parent is not None:
            _end_when(lambda: is_abandoned(run.folder, parent))
        _tune(run, arguments.tune)
        return
    if parent is not None:
        _end_when(lambda: os.getppid() != parent)
    with alone(run.folder):
        _execute(run, arguments.out.resolve())


def _execute(run: Any, out: Path) -> None:
    from classifier.run import execute

    trained = execute(run, out, Stages(), _point, _write)
    _tell({"manifest_sha256": trained.manifest_sha256, "metrics": trained.metrics})


def _tune(run: Any, kind: Any) -> None:
    from classifier.run import tune
    from classifier.threads import set_threads

    config = run.config()
    set_threads(config.threads)
    is_first = os.environ.get("RANK", "0") == "0"
    stages: Any = Stages() if is_first else lambda *_: None
    tune(run, kind, config, run.dataset(config), stages, _point if is_first else lambda *_: None)


class Stages:
    """Tells of progress a few times a second, and of each stage's beginning and end."""

    def __init__(self) -> None:
        self._stage, self._told = "", 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._told < _STAGE_SECONDS:
            return
        self._stage, self._told = stage, now
        _tell({"stage": stage, "done": done, "total": total})


def _point(curve: str, x: float, y: float) -> None:
    _tell({"curve": curve, "x": x, "y": y})


def _tell(event: dict[str, Any]) -> None:
    _write(json.dumps(event) + "\n")


def _write(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _end_when(is_over: Callable[[], bool]) -> None:
    """End this process, whatever it does, once `is_over`: nobody is left who waits for it."""

    def watch() -> None:
        while not is_over():
            time.sleep(_WATCH_SECONDS)
        os._exit(ORPHANED)

    threading.Thread(target=watch, name="watch", daemon=True).start()
