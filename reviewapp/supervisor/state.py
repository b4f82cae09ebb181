"""Which instance runs in a var/ folder: a lock that dies with its holder, and a note beside it."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from reviewapp.supervisor.paths import Layout


@dataclass(frozen=True)
class State:
    """What others on this machine may want to know of the running instance."""

    pid: int
    url: str
    database_url: str
    redis_url: str


class InstanceLock:
    """Held while an instance runs, by the supervisor and by its watchdog.

    The kernel frees it when both are gone, so there is no stale lock to remove by hand.
    """

    def __init__(self, file: int) -> None:
        self.file = file

    @classmethod
    def take(cls, layout: Layout) -> Self | None:
        """Take the lock, or return None when another process holds it."""
        file = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return cls(file)

    def release(self) -> None:
        os.close(self.file)


def write(layout: Layout, state: State) -> None:
    """Note the running instance; whole or not at all, and for our eyes only."""
    draft = layout.state.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(state)), encoding="utf-8")
    draft.replace(layout.state)


def forget(layout: Layout) -> None:
    layout.state.unlink(missing_ok=True)


def running(var: Path) -> State | None:
    """Return the instance that runs in `var`, or None. A note without a live holder is ignored."""
    layout = Layout(var)
    try:
        noted = json.loads(layout.state.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    lock = InstanceLock.take(layout)
    if lock is not None:
        lock.release()
        return None
    return State(**noted)
