"""The loop that keeps children going."""

import io
import re
import signal
import subprocess
import sys

import pytest

from reviewapp.supervisor import keeper as keeper_module
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.keeper import BROKER, DATABASE, PROGRAM, Child, Keeper
from reviewapp.supervisor.logs import BoundedLog, Console
from reviewapp.supervisor.spawn import Command
from reviewapp.supervisor.watchdog import Watchdog

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


def python(code, **options):
    return Command(argv=[sys.executable, "-u", "-c", code], **options)


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def keeper(tmp_path, screen):
    before = [signal.getsignal(number) for number in SIGNALS]
    watchdog = Watchdog()
    one = Keeper(Console(screen), tmp_path, watchdog)
    yield one
    one.stop_all()
    one.close()
    watchdog.dismiss()
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def test_output_goes_to_the_terminal_and_the_log(keeper, screen, tmp_path):
    child = keeper.start(Child("talker", python("print('été'); print('last', end='')"), once=True))

    assert keeper.run_until(lambda: child.code is not None, 10)

    assert child.code == 0
    assert re.search(r"talker +\| été\n", screen.getvalue())
    assert "| last\n" in screen.getvalue()
    assert (tmp_path / "talker.log").read_text() == "été\nlast\n"


def test_a_chatty_child_does_not_make_the_loop_ask_more_often(keeper):
    asked = []
    keeper.start(Child("chatty", python("while True: print('bla')"), quiet=True))

    keeper.run_until(lambda: bool(asked.append(1)), 1.0, tick=0.2)

    assert len(asked) <= 7


def test_a_child_that_keeps_dying_is_given_up_after_some_tries(keeper, screen, monkeypatch):
    monkeypatch.setattr(keeper_module, "_MOST_RESTARTS", 1)
    keeper.start(Child("ill", python("import sys; sys.exit('I am ill')")))

    assert keeper.run_until(lambda: "stays off" in screen.getvalue(), 20)

    assert screen.getvalue().count("| I am ill") == 2
    assert "Restarting ill in 1 s." in screen.getvalue()


def test_an_essential_child_that_keeps_dying_ends_everything(keeper, monkeypatch):
    monkeypatch.setattr(keeper_module, "_MOST_RESTARTS", 0)
    keeper.start(Child("heart", python("raise SystemExit(3)"), essential=True))

    with pytest.raises(SupervisorError, match="heart ended 1 times"):
        keeper.run_until(lambda: False, 20)


def test_the_last_words_of_a_quiet_child_are_shown_when_it_dies(keeper, screen, monkeypatch):
    monkeypatch.setattr(keeper_module, "_MOST_RESTARTS", 0)
    keeper.start(Child("mute", python("print('help'); raise SystemExit(1)"), quiet=True))

    assert keeper.run_until(lambda: "stays off" in screen.getvalue(), 20)

    assert re.search(r"mute +\| help", screen.getvalue())


def test_programs_stop_before_the_broker_and_the_database(keeper, tmp_path):
    trace = tmp_path / "trace"
    code = (
        "import signal, sys, time\n"
        "def bye(*_):\n"
        "    time.sleep(0.2); open({trace!r}, 'a').write({name!r} + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, bye); print('ready'); signal.pause()\n"
    )
    ready = []
    for name, tier in (("database", DATABASE), ("program", PROGRAM), ("broker", BROKER)):
        command = python(code.format(trace=str(trace), name=name))
        keeper.start(Child(name, command, tier=tier, on_line=lambda _line: not ready.append(1)))
    assert keeper.run_until(lambda: len(ready) == 3, 10)

    keeper.stop_all()

    assert trace.read_text().split() == ["program", "broker", "database"]


def test_a_deaf_child_and_its_own_children_are_ended_by_force(keeper, monkeypatch):
    monkeypatch.setitem(keeper_module._GRACE_SECONDS, PROGRAM, 0.3)
    code = (
        "import signal, subprocess, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '300']); print('ready'); time.sleep(300)\n"
    )
    ready = []
    child = keeper.start(Child("deaf", python(code), on_line=lambda _line: not ready.append(1)))
    assert keeper.run_until(lambda: bool(ready), 10)

    keeper.stop_all()

    assert child.code == -signal.SIGKILL


def test_a_log_never_grows_beyond_its_limit(tmp_path):
    log = BoundedLog(tmp_path / "web.log", limit=1000)
    for number in range(500):
        log.write(b"line %d\n" % number)
    log.close()

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000
    assert (tmp_path / "web.log").read_bytes().endswith(b"line 499\n")


def test_progress_in_a_pipe_is_a_line_now_and_then():
    screen = io.StringIO()
    console = Console(screen)
    for done in range(101):
        console.progress(done, 100, "Training")

    assert screen.getvalue() == "  0%  Training\n100%  Training\n"


def test_the_watchdog_ends_even_the_deaf_when_its_line_goes_dead():
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True); time.sleep(20)"
    )
    deaf = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True
    )
    with deaf:
        assert deaf.stdout.readline() == b"ready\n"
        watchdog = Watchdog(grace=0.3)
        watchdog.watch(deaf.pid, tier=0)

        watchdog.hang_up()

        assert deaf.wait(10) == -signal.SIGKILL
