"""`run`: one instance in one folder, started once, stopped in order."""

import os
import signal
import socket
import time

from reviewapp.supervisor import state
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.instance import Instance, Options
from reviewapp.supervisor.keeper import Keeper, Stopped
from reviewapp.supervisor.logs import Console
from reviewapp.supervisor.paths import Layout
from reviewapp.supervisor.processes import web_address
from reviewapp.supervisor.spawn import die_with_parent
from reviewapp.supervisor.watchdog import Watchdog

_PREVIOUS_RUN_SECONDS = 45.0


def run(options: Options) -> int:
    """Run until asked to stop; return the exit code."""
    if options.with_parent:
        die_with_parent(signal.SIGTERM)
    console = Console()
    layout = Layout(options.var)
    layout.create()
    host, port = web_address()
    lock = _take_lock(layout, console)
    try:
        # First of all, so that nothing has been started when it cannot be used.
        _check_port(host, port)
        watchdog = Watchdog(lock.file)
        keeper = Keeper(console, layout.log, watchdog)
        instance = Instance(options, layout, console, keeper)
        try:
            instance.start()
            keeper.run_until(lambda: False)
        except Stopped:
            console.say("Stopping …")
        finally:
            keeper.stop_all()
            state.forget(layout)
            watchdog.dismiss()
        console.say("Stopped. `make run` goes on where this ended.")
        return 0
    finally:
        lock.release()


def _take_lock(layout: Layout, console: Console) -> state.InstanceLock:
    deadline = time.monotonic() + _PREVIOUS_RUN_SECONDS
    waiting = False
    while (lock := state.InstanceLock.take(layout)) is None:
        other = state.running(layout.var)
        if other is not None and _is_alive(other.pid):
            raise SupervisorError(
                f"Bon Rayon is already running (process {other.pid}): open {other.url}\n"
                "For a second one: BONRAYON_VAR=<another folder> PORT=<another port> make run"
            )
        if time.monotonic() > deadline:
            raise SupervisorError(f"Another start holds {layout.lock}. End it, then try again.")
        if not waiting:
            console.say("An earlier run is still ending (or starting). Waiting for it …")
            waiting = True
        time.sleep(0.2)
    return lock


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _check_port(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise SupervisorError(
            f"Port {port} on {host} cannot be used ({error.strerror}): most likely another "
            f"program has it. Choose another one: PORT={port + 1} make run"
        ) from error
