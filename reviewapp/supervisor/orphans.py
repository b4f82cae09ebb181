"""Ends what a command left behind: processes that moved to a group of their own."""

import contextlib
import os
import signal
import time
from pathlib import Path

_GRACE_SECONDS = 3.0


def descendants(pid: int) -> list[int]:
    """Return the living descendants of a process, from /proc (empty where there is none)."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            # The name in brackets may hold anything, brackets too.
            state, parent = entry.read_text(encoding="latin-1").rpartition(")")[2].split()[:2]
            if state != "Z":
                parents.setdefault(int(parent), []).append(int(entry.parent.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def end_descendants(pid: int, *, spare: set[int]) -> list[int]:
    """End all descendants but `spare`, politely first; return what there was."""
    first = [one for one in descendants(pid) if one not in spare]
    left = first
    deadline = time.monotonic() + _GRACE_SECONDS
    number = signal.SIGTERM
    while left:
        for one in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, number)
        time.sleep(0.05)
        _reap(left)
        left = [one for one in descendants(pid) if one not in spare]
        if time.monotonic() > deadline:
            number = signal.SIGKILL
    return first


def _reap(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):  # not our own child
            os.waitpid(pid, os.WNOHANG)
