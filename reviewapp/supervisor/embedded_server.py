"""What the embedded servers have in common: started, waited for, stopped."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.spawn import Command, spawn, stop

_LINES_SHOWN = 15


class EmbeddedServer(ABC):
    """One server program of ours. As a context manager it runs from enter to exit."""

    name: ClassVar[str]
    start_seconds: ClassVar[float]
    stop_seconds: ClassVar[float]

    def __init__(self, log: Path) -> None:
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address that programs are given."""

    @abstractmethod
    def prepare(self) -> None:
        """Make folders and clear what a killed server left behind. Raises SupervisorError."""

    @abstractmethod
    def command(self) -> Command: ...

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether the server answers."""

    def start(self) -> str:
        """Start the server, wait until it answers, return its address. Raises SupervisorError."""
        self.prepare()
        with self.log.open("ab") as output:
            self.process = spawn(self.command(), output=output)
        deadline = time.monotonic() + self.start_seconds
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SupervisorError(f"{self.name} did not start:\n{_tail(self.log)}")
            time.sleep(0.02)
        return self.url

    def stop(self) -> None:
        """Stop the server; harmless when it does not run."""
        if self.process is not None:
            stop(self.process, self.command().stop_signal, self.stop_seconds)
            self.process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_SHOWN:])
