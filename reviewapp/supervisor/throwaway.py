"""`exec`: run one command with a PostgreSQL and a Redis that vanish afterwards."""

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from reviewapp.supervisor import orphans
from reviewapp.supervisor.environment import is_set
from reviewapp.supervisor.postgres_server import EmbeddedPostgres
from reviewapp.supervisor.redis_server import EmbeddedRedis
from reviewapp.supervisor.spawn import Command, adopt_orphans, spawn, stop, take_terminal_back
from reviewapp.supervisor.watchdog import Watchdog

_STOP_SECONDS = 10.0
_KILLED = 128


class _Stopped(Exception):
    """Somebody asked us to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = _KILLED + number


def execute(argv: Sequence[str], *, durable: bool = False) -> int:
    """Run `argv` with DATABASE_URL and REDIS_URL set; return its exit code.

    A DATABASE_URL or REDIS_URL that is already set is used as it is. Nothing is left running or
    lying about, however this ends. durable: write as safely, and as slowly, as in real life.
    """
    _stop_on_signals()
    adopt_orphans()
    watchdog = Watchdog()
    try:
        with _folder() as folder:
            watchdog.remove(folder)
            return _execute_in(folder, argv, watchdog, durable)
    except _Stopped as stopped:
        return stopped.code
    finally:
        watchdog.dismiss()


def _execute_in(folder: Path, argv: Sequence[str], watchdog: Watchdog, durable: bool) -> int:
    with contextlib.ExitStack() as stack:
        # The test settings keep their files here instead of in a folder that nobody removes.
        env, services = {"BONRAYON_TEST_VAR": str(folder / "var")}, set()
        for name, server in _missing_services(folder, durable).items():
            stack.enter_context(server)
            env[name] = server.url
            if server.process is not None:
                services.add(server.process.pid)
                watchdog.watch(server.process.pid, tier=1)
        process = spawn(Command(argv=argv, env=env), output=None, foreground=True)
        watchdog.watch(process.pid, tier=0)
        try:
            return _exit_code(process.wait())
        finally:
            stop(process, signal.SIGTERM, _STOP_SECONDS)
            take_terminal_back()
            spare = {watchdog.pid, *services}
            for service in services:
                spare.update(orphans.descendants(service))
            orphans.end_descendants(os.getpid(), spare=spare)


def _missing_services(
    folder: Path, durable: bool
) -> Mapping[str, EmbeddedPostgres | EmbeddedRedis]:
    servers: dict[str, EmbeddedPostgres | EmbeddedRedis] = {}
    if not is_set("DATABASE_URL"):
        servers["DATABASE_URL"] = EmbeddedPostgres(
            folder / "postgres", folder / "s", durable=durable, log=folder / "postgres.log"
        )
    if not is_set("REDIS_URL"):
        servers["REDIS_URL"] = EmbeddedRedis(
            folder / "redis", folder / "r", durable=durable, log=folder / "redis.log"
        )
    return servers


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bonrayon-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as somebody else, in its own folder below
        yield folder


def _exit_code(code: int) -> int:
    """Shells report a death by signal as 128 + its number."""
    return code if code >= 0 else _KILLED - code


def _stop_on_signals() -> None:
    def stop_now(number: int, _frame: FrameType | None) -> None:
        # Once only: a second signal must not interrupt the tidying up.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped(number)

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop_now)
