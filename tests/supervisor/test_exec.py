"""`exec`: throw-away services around one command."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from reviewapp.supervisor.postgres_server import find_programs
from tests.supervisor.support import is_alive, wait_for

REPORT = "import os, psycopg2, redis; from pathlib import Path\n" + (
    "connection = psycopg2.connect(os.environ['DATABASE_URL'])\n"
    "redis.from_url(os.environ['REDIS_URL']).set('a', 1)\n"
    "print(os.environ['DATABASE_URL'], connection.info.parameter_status('server_encoding'))\n"
)


def test_the_command_gets_working_services_and_its_exit_code_is_passed_on(start, project):
    (project / "report.py").write_text(REPORT + "raise SystemExit(7)")

    done = start("exec", "--", "python", "report.py", PATH=python_first())

    assert done.wait() == 7
    assert "UTF8" in done.said
    assert not folder_of(done.said).exists()


def test_services_from_outside_are_used_as_they_are(start, project):
    words = ("exec", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL")

    done = start(*words, DATABASE_URL="postgresql://there/db", REDIS_URL="redis://there")

    assert done.wait() == 0
    assert done.said.strip() == "postgresql://there/db redis://there"


@pytest.mark.parametrize(("words", "fsync"), [((), "off"), (("--durable",), "on")])
def test_only_measurements_pay_for_safe_writes(start, words, fsync):
    show = 'psql "$DATABASE_URL" -tAc "SHOW fsync"'
    path = f"{find_programs()}{os.pathsep}{os.environ['PATH']}"

    done = start("exec", *words, "--", "sh", "-c", show, PATH=path)

    assert done.wait() == 0
    assert done.said.strip() == fsync


def test_what_the_command_leaves_behind_is_ended(start, project):
    done = start("exec", "--", "sh", "-c", "setsid sleep 300 & echo $! >left; sleep 0.3")

    assert done.wait() == 0
    wait_for(lambda: not is_alive(int((project / "left").read_text())))


def test_a_signal_ends_the_command_and_the_services(start, project):
    running = start("exec", "--", "sh", "-c", "echo $DATABASE_URL started; sleep 300")
    running.until_it_says("started")
    pids = running.pids

    running.send(signal.SIGTERM)

    assert running.wait() == 128 + signal.SIGTERM
    assert not [pid for pid in pids if is_alive(pid)]
    assert not folder_of(running.said).exists()


def test_a_kill_leaves_neither_processes_nor_files(start, project):
    running = start("exec", "--", "sh", "-c", "echo $DATABASE_URL started; sleep 300")
    running.until_it_says("started")
    pids = running.pids
    assert len(pids) > 5

    running.send(signal.SIGKILL)

    wait_for(lambda: not [pid for pid in pids if is_alive(pid)])
    wait_for(lambda: not folder_of(running.said).exists())


def test_an_unknown_command_is_named(start, project):
    done = start("exec", "--", "no-such-program")

    assert done.wait() == 1
    assert "Cannot run no-such-program" in done.said


def folder_of(said):
    return Path(re.search(r"host=(\S+)/s\b", said)[1])


def python_first():
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
