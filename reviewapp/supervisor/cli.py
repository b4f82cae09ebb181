"""The command line."""

import argparse
import sys
from collections.abc import Sequence

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.throwaway import execute


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.act(options))
    except SupervisorError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reviewapp.supervisor", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    execute_ = commands.add_parser(
        "exec", help="run a command with a throw-away PostgreSQL and Redis (exec -- pytest)"
    )
    execute_.add_argument("argv", nargs="+", metavar="CMD")
    execute_.set_defaults(act=lambda options: execute(options.argv))
    return parser
