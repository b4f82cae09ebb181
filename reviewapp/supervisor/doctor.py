"""`doctor`: what this machine has, lacks, and what to do about it."""

import importlib.util
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from reviewapp.supervisor import postgres_server, redis_server, state
from reviewapp.supervisor.environment import is_set
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.paths import Layout, socket_folder
from reviewapp.supervisor.privileges import identity_for
from reviewapp.supervisor.processes import inference_processes, web_address

_LEAST_DISK = 3 * 2**30
_LEAST_MEMORY = 3 * 2**30


def examine(var: Path) -> int:
    """Print one line per finding; return 1 when something would keep `run` from working."""
    checks: dict[str, Callable[[Path], str]] = {
        "python": _python,
        "postgresql": _postgresql,
        "redis": _redis,
        "models": _models,
        "browser": _browser,
        "port": _port,
        "disk": _disk,
        "memory": _memory,
        "running": _running,
    }
    failed = False
    for name, check in checks.items():
        try:
            finding, mark = check(var), "ok  "
        except SupervisorError as error:
            finding, mark, failed = str(error), "FAIL", True
        sys.stdout.write(f"{mark} {name:<11} {finding}\n")
    return int(failed)


def _python(_var: Path) -> str:
    return f"{platform.python_version()} on {platform.system()} {platform.machine()}"


def _postgresql(var: Path) -> str:
    if is_set("DATABASE_URL"):
        return "the one of DATABASE_URL"
    programs = postgres_server.find_programs()
    layout = Layout(var)
    layout.create()
    identity = identity_for(programs / "postgres", layout.postgres, layout.run)
    who = "as this user"
    if identity.uid is not None:
        who = "as nobody, because we are root"
    if identity.own_namespace:
        who = "in a user namespace, because we are root and the folder is closed to others"
    return f"{programs}, {who}, sockets in {socket_folder(layout, 'pg')}"


def _redis(_var: Path) -> str:
    return "the one of REDIS_URL" if is_set("REDIS_URL") else str(redis_server.find_program())


def _models(_var: Path) -> str:
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise SupervisorError(f"not installed: {', '.join(missing)}. Run: make setup")
    return f"torch and transformers are there; {inference_processes()} inference process(es)"


def _browser(_var: Path) -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome") or os.environ.get("CHROMIUM")
    return found or "none: browser tests will be skipped (apt-get install chromium)"


def _port(var: Path) -> str:
    host, port = web_address()
    if state.running(var) is not None:
        return f"{port}, in use by the running site"
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise SupervisorError(f"{port} is taken: PORT={port + 1} make run") from error
    return f"{port} on {host} is free"


def _disk(var: Path) -> str:
    place = next(folder for folder in (var, *var.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < _LEAST_DISK:
        raise SupervisorError(f"{free / 2**30:.1f} GB free in {place}; 3 GB are needed")
    return f"{free / 2**30:.0f} GB free"


def _memory(_var: Path) -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total < _LEAST_MEMORY:
        raise SupervisorError(f"{total / 2**30:.1f} GB; the models need 3 GB")
    return f"{total / 2**30:.0f} GB, {os.cpu_count()} cores"


def _running(var: Path) -> str:
    found = state.running(var)
    return f"yes, {found.url} (process {found.pid})" if found else "no"
