"""The programs of Bon Rayon: one list for `make run` and for the containers.

`python -m reviewapp.supervisor process NAME` turns into the program; `... health NAME` asks it
whether it is well.
"""

import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.paths import default_var

# One model, one process, one core: two processes with one thread each classify 1.2 to 1.6 times
# as fast as one process with two threads, and torch that has run threads hangs after a fork.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
# Programs never fetch anything: models come from installed packages or local folders.
_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
_MOST_INFERENCE_PROCESSES = 4
_LET_THE_WEB_GO_FIRST = 10
_LET_EVERYTHING_GO_FIRST = 19


@dataclass(frozen=True)
class Program:
    """One long-running program.

    essential: without it the rest is of no use; scratch: a folder that is empty when it starts
    """

    name: str
    argv: Sequence[str]
    health: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    niceness: int = 0
    essential: bool = False
    scratch: Path | None = None

    def prepare(self) -> None:
        """Make its scratch folder anew; before each start, so that nothing older counts."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir(parents=True)


def programs() -> dict[str, Program]:
    """Return all programs by name, in the order in which they start."""
    all_programs = (
        _web(),
        _beat(),
        _default_worker(),
        _inference_worker(),
        _evaluation_worker(),
        _training_worker(),
    )
    return {program.name: program for program in all_programs}


def find(name: str) -> Program:
    """Return one program. Raises SupervisorError for an unknown name."""
    known = programs()
    if name not in known:
        raise SupervisorError(f"No program {name!r}; there are: {', '.join(known)}.")
    return known[name]


def become(name: str) -> NoReturn:
    """Replace this process by the program, so that a container's signals reach it."""
    program = find(name)
    program.prepare()
    os.nice(program.niceness)
    os.execvpe(program.argv[0], list(program.argv), {**os.environ, **program.env})  # noqa: S606


def positive_setting(name: str, default: int) -> int:
    """Read a whole number above zero from the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or int(text) == 0:
        raise SupervisorError(f"{name} is {text!r}; write a whole number above zero.")
    return int(text)


def web_address() -> tuple[str, int]:
    """Return HOST and PORT."""
    return os.environ.get("HOST") or "127.0.0.1", positive_setting("PORT", 8000)


def inference_processes() -> int:
    """Return INFERENCE_PROCESSES, or half the cores, so that pages stay quick."""
    cores = os.cpu_count() or 1
    return positive_setting(
        "INFERENCE_PROCESSES", max(1, min(_MOST_INFERENCE_PROCESSES, cores // 2))
    )


def _web() -> Program:
    host, port = web_address()
    python = sys.executable
    measures = _measures_folder(port)
    reachable = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return Program(
        name="web",
        argv=[
            *(python, "-m", "granian", "reviewapp.wsgi:application"),
            *("--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"),
            *("--workers", str(positive_setting("WEB_WORKERS", 2))),
            # Each thread keeps a database connection.
            *("--blocking-threads", str(positive_setting("WEB_THREADS", 4))),
            *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
            *("--log-level", "warning"),
        ],
        health=[python, "-m", "reviewapp.supervisor.page", f"http://{reachable}:{port}/healthz"],
        # The processes of the web server add up their measures there.
        env={**_OFFLINE, "PROMETHEUS_MULTIPROC_DIR": str(measures)},
        essential=True,
        scratch=measures,
    )


def _measures_folder(port: int) -> Path:
    """Return where one web server counts: not where another one with the same files does."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or default_var() / "run" / "measures"
    return Path(folder) / f"web-{port}"


def _worker(
    name: str,
    queues: str,
    processes: int,
    env: Mapping[str, str],
    niceness: int = _LET_THE_WEB_GO_FIRST,
) -> Program:
    celery = _celery()
    node = f"{name}@{socket.gethostname()}"
    return Program(
        name=f"worker-{name}",
        argv=[
            *(*celery, "worker", "--queues", queues, "--hostname", node),
            *("--pool", "prefork", "--concurrency", str(processes), "--prefetch-multiplier", "1"),
            # Nobody needs to know the other workers: the rows say who does what.
            *("--without-gossip", "--without-mingle", "--loglevel", _log_level()),
        ],
        health=[*celery, "inspect", "ping", "--destination", node, "--timeout", "5"],
        env={**_OFFLINE, **env},
        niceness=niceness,
    )


def _default_worker() -> Program:
    return _worker("default", "default", positive_setting("DEFAULT_PROCESSES", 2), {})


def _inference_worker() -> Program:
    return _worker("inference", "inference", inference_processes(), _ONE_THREAD)


def _evaluation_worker() -> Program:
    # One: it holds a model of its own, and loads it only when there is something to measure.
    return _worker("evaluation", "evaluation", 1, _ONE_THREAD)


def _training_worker() -> Program:
    # One run at a time; the worker itself is small, the program that it starts is what trains.
    return _worker("training", "training", 1, _ONE_THREAD, _LET_EVERYTHING_GO_FIRST)


def _beat() -> Program:
    return Program(
        name="beat",
        argv=[
            *(*_celery(), "beat"),
            # In memory: everything it starts is safe to start again, and nothing can go stale.
            *("--scheduler", "celery.beat.Scheduler", "--pidfile", ""),
            *("--loglevel", _log_level()),
        ],
        env=_OFFLINE,
    )


def _celery() -> tuple[str, ...]:
    silence: tuple[str, ...] = ()
    if os.getuid() == 0:  # Celery then warns of pickled messages in seven lines; ours are JSON only
        silence = ("-W", "ignore:You're running the worker with superuser privileges")
    return (sys.executable, *silence, "-m", "celery", "--quiet", "-A", "worker.app")


def _log_level() -> str:
    return os.environ.get("LOG_LEVEL") or "INFO"
