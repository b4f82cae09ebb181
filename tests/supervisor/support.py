"""Starting the supervisor as a person would, and looking at what it leaves behind."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from reviewapp.supervisor.orphans import descendants


def wait_for(condition, seconds=60.0):
    """Return the first true value of `condition`, or fail."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {condition}")
        time.sleep(0.05)
    return value


def is_alive(pid):
    try:
        state = (
            Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0]
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Running:
    """One `python -m reviewapp.supervisor ...` in its own process group."""

    def __init__(self, project, *words, port=None, output_folder=None, **env):
        self.project = project
        self.port = port or free_port()
        self.output = (output_folder or project) / f"output-{time.monotonic_ns()}"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "BONRAYON_VAR", "DJANGO_SETTINGS_MODULE"}
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "reviewapp.supervisor", *words],
                cwd=project,
                env={**inherited, "PORT": str(self.port), **env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self):
        return self.output.read_text(encoding="utf-8")

    @property
    def pids(self):
        return descendants(self.process.pid)

    def child(self, *words):
        """Return the pid of the descendant whose command line holds all `words`."""
        for pid in self.pids:
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")
                if all(any(word in part for part in line) for word in words):
                    return pid
        return None

    def until_it_says(self, text, seconds=240.0):
        def heard():
            assert text in self.said or self.process.poll() is None, self.said
            return text in self.said

        wait_for(heard, seconds)
        return self

    def get(self):
        url = f"http://127.0.0.1:{self.port}/"
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.read().decode()

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=90.0):
        return self.process.wait(seconds)

    def end(self):
        """Tidy up after a failed test."""
        left = self.pids
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
