"""`run`, from outside: real processes, real signals."""

import json
import os
import re
import signal
import socket

import pytest

from reviewapp.supervisor import state
from tests.supervisor.support import is_alive, wait_for

READY = "Times:"


def all_gone(pids):
    return lambda: not [pid for pid in pids if is_alive(pid)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_polite_signal_stops_everything_in_order(start, project, number):
    running = start("run").until_it_says(READY)
    pids = running.pids
    assert len(pids) > 10  # postgres and its helpers, redis, granian, celery, the watchdog

    running.send(number)

    assert running.wait() == 0
    assert all_gone(pids)()
    assert "database system is shut down" in (project / "var/log/postgres.log").read_text()
    assert not (project / "var/run/supervisor.json").exists()


@pytest.mark.parametrize("victims", [("supervisor",), ("supervisor", "watchdog")])
def test_nothing_survives_a_kill(start, project, victims):
    running = start("run").until_it_says(READY)
    pids = running.pids
    watchdog = running.child("watchdog.py")
    assert watchdog

    running.send(signal.SIGKILL)
    if "watchdog" in victims:
        os.kill(watchdog, signal.SIGKILL)

    wait_for(all_gone(pids))


def test_the_next_start_after_a_kill_finds_the_data(start, project):
    first = start("run").until_it_says(READY)
    wait_for(lambda: int(first.get()) > 3)  # beat and the worker really work
    before = int(first.get())
    for pid in (first.process.pid, first.child("watchdog.py"), first.child("postgres", "-D")):
        os.kill(pid, signal.SIGKILL)
    first.wait()

    second = start("run").until_it_says("is ready")

    assert int(second.get()) >= before


def test_a_lock_that_names_a_living_stranger_does_not_keep_the_database_down(start, project):
    first = start("run").until_it_says(READY)
    lock = project / "var/postgres/postmaster.pid"
    content = lock.read_text()
    first.send(signal.SIGTERM)
    first.wait()
    # As after a reboot: the number now belongs to another process of the same user.
    lock.write_text(f"{first.process.pid}\n".replace(str(first.process.pid), str(os.getpid())))
    lock.write_text(lock.read_text() + content.split("\n", 1)[1])

    second = start("run").until_it_says("is ready")

    assert int(second.get()) > 0


def test_a_second_start_says_where_the_first_one_is(start, project):
    first = start("run").until_it_says("is ready")

    second = start("run")

    assert second.wait() == 1
    assert f"already running (process {first.process.pid})" in second.said
    assert f"http://localhost:{first.port}" in second.said


def test_a_taken_port_is_named_and_nothing_is_started(start, project):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        running = start("run", port=port)

        assert running.wait() == 1

    assert f"Port {port}" in running.said
    assert f"PORT={port + 1} make run" in running.said
    assert not (project / "var/postgres").exists()


def test_what_dies_comes_back(start, project):
    running = start("run").until_it_says(READY)
    worker = wait_for(lambda: running.child("worker", "--queues", "inference"))
    database = running.child("postgres", "-D")

    os.kill(worker, signal.SIGKILL)
    os.kill(database, signal.SIGKILL)

    running.until_it_says("worker-inference ended (signal SIGKILL)")
    running.until_it_says("postgres ended (signal SIGKILL)")
    again = wait_for(lambda: running.child("worker", "--queues", "inference"))
    assert again != worker
    wait_for(lambda: running.child("postgres", "-D") not in {None, database})
    assert running.process.poll() is None


def test_a_failing_migration_is_shown_and_ends_the_start(start, project):
    (project / "manage.py").write_text("raise SystemExit('the tables are wrong')")

    running = start("run")

    assert running.wait() == 1
    assert "`manage.py migrate` failed (exit code 1)" in running.said
    assert "the tables are wrong" in running.said
    wait_for(all_gone(running.pids))


def test_a_site_that_answers_wrongly_is_not_called_ready(start, project):
    wsgi = project / "reviewapp/wsgi.py"
    wsgi.write_text(wsgi.read_text().replace("200 OK", "404 Not Found"))

    running = start("run")

    assert running.wait() == 1
    assert "healthz answers with 404 instead of 200" in running.said
    assert "is ready" not in running.said


def test_a_failing_training_leaves_the_site_up(start, project):
    manage = project / "manage.py"
    manage.write_text(manage.read_text() + "\nif command == 'train_demo_model': sys.exit('no')")

    running = start("run").until_it_says("The site runs without it.")

    assert int(running.get()) > 0


def test_the_state_file_tells_others_where_the_services_are(start, project):
    running = start("run").until_it_says("is ready")

    found = state.running(project / "var")

    assert found is not None
    assert found.pid == running.process.pid
    assert found.database_url.startswith("postgresql://bonrayon@/bonrayon?host=/")
    assert found.redis_url.startswith("unix:///")
    assert (project / "var/run/supervisor.json").stat().st_mode & 0o077 == 0


def test_a_state_file_without_a_holder_of_the_lock_is_ignored(project):
    run = project / "var/run"
    run.mkdir(parents=True)
    note = {"pid": os.getpid(), "url": "", "database_url": "", "redis_url": ""}
    (run / "supervisor.json").write_text(json.dumps(note))

    assert state.running(project / "var") is None


def test_attach_hands_the_addresses_to_a_command(start, project):
    start("run").until_it_says("is ready")

    attached = start("attach", "--", "sh", "-c", "echo $DATABASE_URL")

    assert attached.wait() == 0
    assert "postgresql://bonrayon@/bonrayon?host=" in attached.said


def test_a_backup_is_taken_while_it_runs_and_restored(start, project):
    running = start("run").until_it_says(READY)
    save = 'pg_dump --format=custom "$DATABASE_URL" --file=dump && psql "$DATABASE_URL" -c "DROP TABLE visits"'
    load = 'pg_restore --clean --if-exists --no-owner --dbname "$DATABASE_URL" dump'

    assert start("attach", "--", "sh", "-c", save).wait() == 0
    assert start("attach", "--", "sh", "-c", load).wait() == 0

    assert int(running.get()) > 0


def test_attach_without_a_running_site_says_so(start, project):
    attached = start("attach", "--", "true")

    assert attached.wait() == 1
    assert "make run" in attached.said


def test_without_the_demo_nothing_is_seeded(start, project):
    running = start("run", "--no-demo").until_it_says("Times:")

    assert "buyer@example.org" not in running.said
    assert not (project / "var/log/seed_demo.log").exists()


def test_the_demo_accounts_are_printed_once(start, project):
    running = start("run").until_it_says("history is written")

    assert running.said.count("buyer@example.org") == 1
    assert "100%  Training 2/2" in running.said
    assert running.said.count("history is written") == 1
    assert re.search(r"services .+ s · migrate .+ s · first page after .+ s", running.said)


def test_the_second_start_writes_no_history(start):
    first = start("run").until_it_says(READY)
    first.send(signal.SIGTERM)
    first.wait()

    second = start("run").until_it_says(READY)
    second.send(signal.SIGTERM)
    second.wait()

    assert "models" in second.said
    assert "first predictions" not in second.said
    assert "history is written" not in second.said
