"""Start child processes that cannot outlive us.

Each child leads its own process group, so that Ctrl-C reaches only the supervisor, which stops
things in order. On Linux the kernel signals the child when the supervisor is gone, even after
SIGKILL. That signal follows the *thread* that started the child: call `spawn` from the main one.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.privileges import Identity, enter_namespace

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LINUX = sys.platform.startswith("linux")
# Loaded before any fork: a child between fork and exec must not load libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if _LINUX else None


@dataclass(frozen=True)
class Command:
    """A program to run, and how."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)  # added to ours
    cwd: Path | None = None
    identity: Identity = field(default_factory=Identity)
    niceness: int = 0
    stop_signal: signal.Signals = signal.SIGTERM


def spawn(
    command: Command, *, output: int | IO[bytes] | None, foreground: bool = False
) -> "subprocess.Popen[bytes]":
    """Start `command`; `output` receives stdout and stderr (None: ours).

    foreground: give the child the terminal, so that it gets Ctrl-C and can ask questions.
    """
    identity = command.identity
    user: dict[str, object] = {}
    if identity.uid is not None:
        user = {"user": identity.uid, "group": identity.gid, "extra_groups": []}
    try:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            command.argv,
            stdin=None if foreground else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            env={**os.environ, **command.env},
            cwd=command.cwd or Path.cwd(),
            process_group=0,
            preexec_fn=_prepare(command, os.getpid(), foreground=foreground),
            **user,
        )
    except FileNotFoundError as error:
        raise SupervisorError(f"Cannot run {command.argv[0]}: not found.") from error
    except subprocess.SubprocessError as error:
        if not identity.own_namespace:
            raise
        raise SupervisorError(
            "PostgreSQL refuses to run as root, and here nobody else can reach it: the project "
            "lies below a closed folder and the system forbids user namespaces. Run as another "
            "user, move the project (to /srv, say), or set DATABASE_URL."
        ) from error


def _prepare(command: Command, parent: int, *, foreground: bool) -> Callable[[], None]:
    def run_in_child() -> None:
        if command.identity.own_namespace:
            enter_namespace()
        if command.niceness:
            os.nice(command.niceness)
        if foreground:
            _take_terminal(os.getpid())
        # After every change of user: the kernel forgets the request when credentials change.
        die_with_parent(command.stop_signal)
        if _LINUX and os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return run_in_child


def die_with_parent(number: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent is gone (Linux only)."""
    if _LIBC is not None and _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent dies, so that they can be found."""
    if _LIBC is not None and _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _take_terminal(group: int) -> None:
    with contextlib.suppress(OSError):  # stdin is not a terminal, or not our controlling one
        # A background group that takes the terminal is stopped, unless it ignores this signal.
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            os.tcsetpgrp(0, group)
        finally:
            signal.signal(signal.SIGTTOU, before)


def take_terminal_back() -> None:
    """Undo what `foreground` did, so that the shell and make read the keyboard again."""
    _take_terminal(os.getpgrp())


def signal_group(group: int, number: signal.Signals) -> bool:
    """Signal a whole process group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS: only zombies are left
        return False
    return True


def stop(process: "subprocess.Popen[bytes]", number: signal.Signals, patience: float) -> int:
    """Stop a child: politely, then by force with everything in its group; return its code."""
    if process.poll() is None:
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()
