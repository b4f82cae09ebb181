"""Ends everything when the supervisor is gone without having done so itself (kill -9, a crash).

Runs as a process of its own that hears, line by line on its standard input, what to end:

    watch TIER GROUP   end this process group; lower tiers go first (programs before services)
    forget GROUP       it has ended
    remove FOLDER      delete this temporary folder at the very end
    bye                all is well: leave

The end of input without `bye` means that the supervisor died. Standard library only and no
import from the project, so that it starts at once and works whatever else is broken.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_GRACE_SECONDS = 10.0


class Watchdog:
    """The supervisor's end of the line."""

    def __init__(self, *keep_open: int, grace: float = _GRACE_SECONDS) -> None:
        """Start the watchdog.

        keep_open: files (the lock) that it holds while it lives
        grace: seconds between asking each tier to stop and forcing it
        """
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(grace)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=keep_open,
            cwd="/",
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, group: int, tier: int) -> None:
        self._tell(f"watch {tier} {group}")

    def forget(self, group: int) -> None:
        self._tell(f"forget {group}")

    def remove(self, folder: Path) -> None:
        self._tell(f"remove {folder}")

    def _tell(self, line: str) -> None:
        """Send one line; a watchdog that was killed is no reason to stop the work."""
        if self._process.stdin is None or self._process.poll() is not None:
            return
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            self._process.wait()

    def dismiss(self) -> None:
        """Say goodbye; call when everything has been stopped."""
        self._tell("bye")
        self.hang_up()

    def hang_up(self) -> None:
        """Close the line and wait; without a goodbye before, it ends everything."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def main(grace: float) -> None:
    """Listen until told `bye`, or end everything when the line goes dead."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    tiers: dict[int, int] = {}
    folders: list[Path] = []
    for line in sys.stdin:
        word, _, about = line.strip().partition(" ")
        if word == "bye":
            return
        if word == "watch":
            tier, group = about.split()
            tiers[int(group)] = int(tier)
        elif word == "forget":
            tiers.pop(int(about), None)
        elif word == "remove":
            folders.append(Path(about))
    for rank in sorted(set(tiers.values())):
        _end([group for group, of in tiers.items() if of == rank], grace)
    for folder in folders:
        # Believe only what can be one of ours.
        if folder.parent == Path(tempfile.gettempdir()) and folder.name.startswith("bonrayon-"):
            shutil.rmtree(folder, ignore_errors=True)


def _end(groups: list[int], grace: float) -> None:
    deadline = time.monotonic() + grace
    for group in groups:
        _signal(group, signal.SIGTERM)
    while any(_lives(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _lives(group: int) -> bool:
    """Whether a member runs.

    The dead count as gone though nobody buries them, as in a container without an init.
    """
    if not _signal(group, 0):
        return False
    states = [state for state, of in _processes() if of == group]
    return not states or any(state != "Z" for state in states)  # no states: there is no /proc


def _processes() -> Iterator[tuple[str, int]]:
    """Yield state and group of each process."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            # The name in brackets may hold anything, brackets too.
            state, _parent, group = (
                entry.read_text(encoding="latin-1").rpartition(")")[2].split()[:3]
            )
            yield state, int(group)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main(float(sys.argv[1]))
