"""Watches the children: passes on what they say, restarts what dies, stops all in order.

One thread and one event loop: children must be started from the main thread (see spawn.py), and
nothing here needs more.
"""

import os
import selectors
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.logs import BoundedLog, Console
from reviewapp.supervisor.spawn import Command, signal_group, spawn
from reviewapp.supervisor.watchdog import Watchdog

PROGRAM, BROKER, DATABASE = range(3)  # the order in which they stop
_GRACE_SECONDS = {PROGRAM: 15.0, BROKER: 10.0, DATABASE: 30.0}
_MOST_RESTARTS = 5
_CALM_SECONDS = 60.0  # a child that ran for this long starts with a clean sheet
_TAIL_LINES = 12
_TICK_SECONDS = 0.5


@dataclass
class Child:
    """One child process, over all its restarts.

    once: it ends by itself and is not restarted. essential: when it cannot be kept alive,
    everything stops. quiet: its output goes to its log file only. on_line: sees each line first,
    and returns True to keep it off the terminal.
    """

    name: str
    command: Command
    tier: int = PROGRAM
    once: bool = False
    essential: bool = False
    quiet: bool = False
    on_line: Callable[[str], bool] | None = None
    process: "subprocess.Popen[bytes] | None" = None
    code: int | None = None
    restarts: int = 0
    started: float = 0.0
    due: float | None = None  # when to restart it
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    rest: bytes = b""
    log: BoundedLog | None = None


class Stopped(Exception):
    """Somebody asked for the end."""


class Keeper:
    """Keeps children running until `stop_all`."""

    def __init__(self, console: Console, logs: Path, watchdog: Watchdog) -> None:
        self._console = console
        self._logs = logs
        self._watchdog = watchdog
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._asked_to_stop = 0
        self._stopping = False
        self._wake, alarm = socket.socketpair()
        for end in (self._wake, alarm):
            end.setblocking(False)
        self._alarm = alarm
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(alarm.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to wake the loop
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1

    def start(self, child: Child) -> Child:
        """Start a child and keep it."""
        child.log = BoundedLog(self._logs / f"{child.name}.log")
        self._children.append(child)
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        child.process = spawn(child.command, output=subprocess.PIPE)
        child.started, child.due, child.code = time.monotonic(), None, None
        self._watchdog.watch(child.process.pid, child.tier)
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def run_until(
        self,
        condition: Callable[[], bool],
        seconds: float | None = None,
        *,
        tick: float = _TICK_SECONDS,
    ) -> bool:
        """Keep everything going until `condition`; False when the time is over before that.

        The condition is asked at most once per `tick`, however much the children say.
        Raises Stopped on Ctrl-C or SIGTERM, SupervisorError when an essential child is lost.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while not condition():
            next_look = time.monotonic() + tick
            if deadline is not None and time.monotonic() > deadline:
                return False
            while (left := next_look - time.monotonic()) > 0:
                self.pump(left)
                if self._asked_to_stop:
                    raise Stopped
        return True

    def pump(self, seconds: float) -> None:
        """Handle what happens within the next moment."""
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._wake.recv(4096)
            else:
                self._read(key.data)
        for child in self._children:
            self._look_after(child)

    def _read(self, child: Child) -> bool:
        """Pass on what is there to read; False when there is nothing (more)."""
        if child.process is None or child.process.stdout is None:
            return False
        try:
            chunk = os.read(child.process.stdout.fileno(), 65536)
        except BlockingIOError:
            return False
        if not chunk:
            self._close_output(child.process)
            return False
        # A carriage return ends a line too: bars that are drawn over each other arrive one by one.
        *lines, child.rest = (child.rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._pass_on(child, line)
        return True

    def _close_output(self, process: "subprocess.Popen[bytes]") -> None:
        if process.stdout is not None:
            self._selector.unregister(process.stdout)
            process.stdout.close()
            process.stdout = None

    def _pass_on(self, child: Child, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if not text:
            return
        if child.log is not None:
            child.log.write(line + b"\n")
        child.tail.append(text)
        handled = child.on_line(text) if child.on_line else False
        if not handled and not child.quiet:
            self._console.line(child.name, text)

    def _look_after(self, child: Child) -> None:
        if child.process is None:
            if child.due is not None and time.monotonic() >= child.due and not self._stopping:
                self._spawn(child)
            return
        if child.process.poll() is None:
            return
        while self._read(child):
            pass
        if child.rest:
            self._pass_on(child, child.rest)
            child.rest = b""
        self._close_output(child.process)
        signal_group(child.process.pid, signal.SIGKILL)  # what it may have left behind
        self._watchdog.forget(child.process.pid)
        child.code, child.process = child.process.returncode, None
        if not child.once and not self._stopping:
            self._plan_restart(child)

    def _plan_restart(self, child: Child) -> None:
        if time.monotonic() - child.started > _CALM_SECONDS:
            child.restarts = 0
        self._console.say(f"{child.name} ended ({describe(child.code)}).")
        if child.quiet:  # the others' last words stand above
            for line in child.tail:
                self._console.line(child.name, line)
        if child.restarts < _MOST_RESTARTS:
            wait = 2.0**child.restarts
            child.restarts += 1
            child.due = time.monotonic() + wait
            self._console.say(f"Restarting {child.name} in {wait:.0f} s.")
        elif child.essential:
            raise SupervisorError(
                f"{child.name} ended {_MOST_RESTARTS + 1} times; see {self._logs / child.name}.log"
            )
        else:
            self._console.say(
                f"{child.name} ended {_MOST_RESTARTS + 1} times and stays off; the rest goes on. "
                f"See {self._logs / child.name}.log"
            )

    def stop_all(self) -> None:
        """Stop everything in order: programs, then the broker, then the database.

        A second Ctrl-C meanwhile ends the patience, not the order.
        """
        self._stopping = True
        asked = self._asked_to_stop
        for tier in (PROGRAM, BROKER, DATABASE):
            members = [child for child in self._children if child.tier == tier]
            for child in members:
                if child.process is not None:
                    child.process.send_signal(child.command.stop_signal)
            deadline = time.monotonic() + _GRACE_SECONDS[tier]
            while any(child.process is not None for child in members):
                if time.monotonic() > deadline or (tier == PROGRAM and self._asked_to_stop > asked):
                    self._kill(members)
                self.pump(0.05)
        for child in self._children:
            if child.log is not None:
                child.log.close()

    def close(self) -> None:
        """Give the loop's own resources back; for those who live on after it."""
        signal.set_wakeup_fd(-1)
        self._selector.close()
        self._wake.close()
        self._alarm.close()

    def _kill(self, children: list[Child]) -> None:
        for child in children:
            if child.process is not None:
                signal_group(child.process.pid, signal.SIGKILL)


def describe(code: int | None) -> str:
    """Put an exit code into words."""
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
