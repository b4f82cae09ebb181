"""The command line of the supervisor."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from reviewapp.supervisor import processes
from reviewapp.supervisor.attach import attach
from reviewapp.supervisor.doctor import examine
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.instance import Options
from reviewapp.supervisor.paths import PROJECT, default_var
from reviewapp.supervisor.run import run
from reviewapp.supervisor.throwaway import execute

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.act(options))
    except SupervisorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reviewapp.supervisor",
        description="Starts, watches and stops everything that Bon Rayon needs on one machine.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, act: Callable[[argparse.Namespace], int], about: str
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(act=act)
        return command

    run_ = add("run", _run, "run the whole site: services, web, workers, demo")
    run_.add_argument("--no-demo", action="store_true", help="no demo catalogue, accounts, models")
    run_.add_argument("--with-parent", action="store_true", help="stop when the caller is gone")
    about = "run a command with a throw-away PostgreSQL and Redis (exec -- pytest)"
    exec_ = add("exec", lambda o: execute(o.argv, durable=o.durable), about)
    exec_.add_argument("--durable", action="store_true", help="with fsync, to measure honestly")
    exec_.add_argument("argv", nargs="+", metavar="CMD")
    about = "run a command against the running site (attach -- python manage.py shell)"
    add("attach", lambda o: attach(default_var(), o.argv), about).add_argument(
        "argv", nargs="+", metavar="CMD"
    )
    about = "become one program, in a container or under another supervisor"
    add("process", _become, about).add_argument("name", choices=list(processes.programs()))
    about = "exit with 0 when a program is well"
    add("health", _health, about).add_argument("name", choices=list(processes.programs()))
    add("doctor", lambda _: examine(default_var()), "say what this machine has and lacks")
    return parser


def _run(options: argparse.Namespace) -> int:
    return run(
        Options(
            var=default_var(),
            demo=not options.no_demo,
            with_parent=options.with_parent,
            installed=_install_seconds(Path(sys.prefix, ".install-seconds")),
        )
    )


def _install_seconds(note: Path) -> float:
    """Return how long the installation just before this start took, once."""
    try:
        seconds = float(note.read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0.0
    note.unlink()
    return seconds


def _become(options: argparse.Namespace) -> NoReturn:
    os.chdir(PROJECT)
    processes.become(options.name)


def _health(options: argparse.Namespace) -> int:
    program = processes.find(options.name)
    if not program.health:
        raise SupervisorError(f"{program.name} has no health check: it is well while it runs.")
    done = subprocess.run(program.health, check=False, cwd=PROJECT, stdout=subprocess.DEVNULL)
    return done.returncode
