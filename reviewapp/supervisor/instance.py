"""One instance, brought up step by step: services, tables, the page, then the demo."""

import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import psycopg2

from reviewapp.supervisor import page, state
from reviewapp.supervisor.embedded_server import EmbeddedServer
from reviewapp.supervisor.environment import is_set, setting
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.keeper import BROKER, DATABASE, Child, Keeper, describe
from reviewapp.supervisor.logs import Console
from reviewapp.supervisor.paths import PROJECT, Layout, socket_folder
from reviewapp.supervisor.postgres_server import EmbeddedPostgres
from reviewapp.supervisor.processes import Program, programs, web_address
from reviewapp.supervisor.redis_server import EmbeddedRedis
from reviewapp.supervisor.spawn import Command
from reviewapp.supervisor.timeline import Timeline

_OUTSIDE_SECONDS = 30.0
_PAGE_SECONDS = 120.0
_PAGE_TICK_SECONDS = 0.1
_MOST_REFUSALS = 20
_PREDICTION_SECONDS = 900.0
_SETTLED_SECONDS = 10.0
_PREDICTIONS = "SELECT count(*) FROM reviewapp_prediction"
# What the demo's commands may write, besides plain lines: "products 100/400", "account ROLE NAME
# PASSWORD".
_PROGRESS = re.compile(r"(\D*?)\s*(\d+)/(\d+)\b\s*(.*)")
_ACCOUNT = re.compile(r"account (\S+) (\S+) (\S+)")


class StepFailed(SupervisorError):
    """One step of the start did not work; the others may."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    var: Path
    demo: bool = True
    with_parent: bool = False
    installed: float = 0.0


@dataclass
class Instance:
    """One start, step by step."""

    options: Options
    layout: Layout
    console: Console
    keeper: Keeper
    accounts: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.timeline = Timeline(installed=self.options.installed)
        host, port = web_address()
        self.url = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"

    def start(self) -> None:
        """Bring everything up: the page first, then what may take its time."""
        self._timed("services", self._start_services)
        self._note()
        self.console.say("Bringing the tables up to date …")
        self._timed("migrate", lambda: self._finish(self._manage("migrate", "--noinput")))
        all_programs = programs()
        self._start_program(all_programs.pop("web"))
        if self.options.demo:
            self._finish(self._manage("seed_demo", "--accounts"))
        self._wait_for_page()
        self._welcome()
        for program in all_programs.values():
            self._start_program(program)
        fresh = self._predictions() == 0
        if self.options.demo:
            self._attempt(lambda: self._prepare_demo(fresh=fresh))
        self.console.say(f"Times: {self.timeline}")
        if self.options.demo and fresh and self._predictions():
            self._attempt(self._write_history)

    def _attempt(self, step: Callable[[], None]) -> None:
        """Do what the site can do without."""
        try:
            step()
        except StepFailed as error:
            self.console.say(f"{error}\nThe site runs without it.")

    def _timed(self, part: str, step: Callable[[], None]) -> None:
        began = time.monotonic()
        step()
        self.timeline.took(part, time.monotonic() - began)

    def _start_services(self) -> None:
        self.console.say("Starting the services …")
        # Into our own environment: every child, also after a restart, gets the same.
        os.environ["BONRAYON_VAR"] = str(self.layout.var)
        os.environ["BONRAYON_DEMO"] = "1" if self.options.demo else "0"
        os.environ["PYTHONUNBUFFERED"] = "1"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reviewapp.settings.dev")
        os.environ.setdefault("LOG_LEVEL", "WARNING")
        if not is_set("REDIS_URL"):
            self._start_redis()
        if is_set("DATABASE_URL"):
            self._wait_for_database()
        else:
            self._start_postgres()

    def _wait_for_database(self) -> None:
        if not self.keeper.run_until(self._database_answers, _OUTSIDE_SECONDS):
            raise SupervisorError(f"The database of DATABASE_URL does not answer:\n{self._refusal}")

    def _database_answers(self) -> bool:
        try:
            psycopg2.connect(setting("DATABASE_URL"), connect_timeout=5).close()
        except psycopg2.OperationalError as error:
            self._refusal = str(error)
            return False
        return True

    def _start_redis(self) -> None:
        server = EmbeddedRedis(self.layout.redis, socket_folder(self.layout, "redis"))
        server.prepare()
        child = Child("redis", server.command(), tier=BROKER, essential=True, quiet=True)
        self._wait_for_service(child, server)
        os.environ["REDIS_URL"] = server.url

    def _start_postgres(self) -> None:
        server = EmbeddedPostgres(self.layout.postgres, socket_folder(self.layout, "pg"))
        server.prepare()
        child = Child("postgres", server.command(), tier=DATABASE, essential=True, quiet=True)
        self._wait_for_service(child, server)
        server.create_database()
        os.environ["DATABASE_URL"] = server.url

    def _wait_for_service(self, child: Child, server: EmbeddedServer) -> None:
        self.keeper.start(child)
        if not self.keeper.run_until(server.is_ready, server.start_seconds, tick=0.02):
            raise SupervisorError(
                f"{child.name} does not answer; see {self.layout.log / child.name}.log"
            )

    def _note(self) -> None:
        state.write(
            self.layout,
            state.State(
                pid=os.getpid(),
                url=self.url,
                database_url=setting("DATABASE_URL"),
                redis_url=setting("REDIS_URL"),
            ),
        )

    def _manage(self, *words: str, niceness: int = 0) -> Child:
        """Start a management command."""
        argv = [sys.executable, str(PROJECT / "manage.py"), *words]
        command = Command(argv=argv, cwd=PROJECT, niceness=niceness)
        quiet = words[0] == "migrate"  # a line for each of its many steps; shown when it fails
        return self.keeper.start(
            Child(words[0], command, once=True, quiet=quiet, on_line=self._hear)
        )

    def _hear(self, line: str) -> bool:
        """Understand the lines that management commands write for us."""
        if found := _PROGRESS.fullmatch(line):
            before, done, total, after = found.groups()
            self.console.progress(int(done), int(total), f"{before} {done}/{total} {after}".strip())
            return True
        if found := _ACCOUNT.fullmatch(line):
            if (account := (found[1], found[2], found[3])) not in self.accounts:
                self.accounts.append(account)
            return True
        return False

    def _finish(self, child: Child) -> None:
        """Wait for a command. Raises StepFailed when it fails."""
        self.keeper.run_until(lambda: child.code is not None)
        if child.code != 0:
            said = "\n".join(f"    {line}" for line in child.tail)
            raise StepFailed(f"`manage.py {child.name}` failed ({describe(child.code)}):\n{said}")

    def _start_program(self, program: Program) -> None:
        program.prepare()
        command = Command(
            argv=program.argv, env=program.env, cwd=PROJECT, niceness=program.niceness
        )
        self.keeper.start(Child(program.name, command, essential=program.essential))

    def _wait_for_page(self) -> None:
        host, port = web_address()
        seen: list[int] = []

        def answered() -> bool:
            status = page.status(f"http://{host}:{port}/healthz")
            if status is not None:
                seen.append(status)
            # It answers, but wrongly: that will not get better.
            return status == HTTPStatus.OK or len(seen) > _MOST_REFUSALS

        self.keeper.run_until(answered, _PAGE_SECONDS, tick=_PAGE_TICK_SECONDS)
        if seen[-1:] != [HTTPStatus.OK]:
            how = f"answers with {seen[-1]} instead of 200" if seen else "does not answer"
            raise SupervisorError(f"{self.url}/healthz {how}; see {self.layout.log / 'web.log'}")
        self.timeline.reached("first page")

    def _welcome(self) -> None:
        lines = ["", f"  Bon Rayon is ready: {self.url}", ""]
        lines += [f"    {role:<10} {name:<28} {password}" for role, name, password in self.accounts]
        lines += ["", "  Ctrl-C stops everything; the data stay in " + str(self.layout.var), ""]
        self.console.say("\n".join(lines))

    def _prepare_demo(self, *, fresh: bool) -> None:
        """Fill the catalogue and train the models while the site is up already."""
        began = time.monotonic()
        seeding = self._manage("seed_demo", niceness=5)
        self._finish(self._manage("train_demo_model", niceness=5))
        self.timeline.took("models", time.monotonic() - began)
        self._finish(seeding)
        if not fresh:
            return
        if not self.keeper.run_until(lambda: self._predictions() > 0, _PREDICTION_SECONDS, tick=1):
            raise StepFailed("No prediction arrives: see the log of worker-inference.")
        self.timeline.reached("first predictions")

    def _write_history(self) -> None:
        """Let invented people decide and report, once the first wave of products is classified."""
        last, since = 0, time.monotonic()

        def settled() -> bool:
            nonlocal last, since
            if (now := self._predictions()) != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since > _SETTLED_SECONDS

        self.keeper.run_until(settled, _PREDICTION_SECONDS, tick=1)
        self._finish(self._manage("seed_demo", "--history"))

    def _predictions(self) -> int:
        """Return how many there are; 0 as well while the database starts anew."""
        try:
            with (
                closing(psycopg2.connect(setting("DATABASE_URL"), connect_timeout=5)) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(_PREDICTIONS)
                return int(cursor.fetchone()[0])
        except psycopg2.OperationalError:
            return 0
