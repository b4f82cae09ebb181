"""`attach`: run a command against the instance that `run` keeps going."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from reviewapp.supervisor import state
from reviewapp.supervisor.environment import is_set
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.postgres_server import find_programs


def attach(var: Path, argv: Sequence[str]) -> NoReturn:
    """Become `argv` with the running instance's addresses in the environment."""
    found = state.running(var)
    if found is None:
        raise SupervisorError("Bon Rayon is not running here. Start it first: make run")
    # psql, pg_dump and pg_restore of the same version as the embedded server.
    tools = "" if is_set("DATABASE_URL") else f"{find_programs()}{os.pathsep}"
    env = {
        "PATH": tools + os.environ.get("PATH", os.defpath),
        "BONRAYON_VAR": str(var),
        "DATABASE_URL": found.database_url,
        "REDIS_URL": found.redis_url,
    }
    os.execvpe(argv[0], list(argv), {**os.environ, **env})  # noqa: S606
