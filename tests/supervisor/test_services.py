"""The embedded PostgreSQL and Redis, one by one."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg2
import pytest
import redis

from reviewapp.supervisor import postgres_server, privileges, redis_server
from reviewapp.supervisor.errors import SupervisorError
from reviewapp.supervisor.paths import Layout, socket_folder
from reviewapp.supervisor.postgres_server import EmbeddedPostgres
from reviewapp.supervisor.redis_server import EmbeddedRedis
from tests.supervisor.support import is_alive, wait_for


def ask(url, query):
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


@pytest.fixture
def postgres(tmp_path):
    return EmbeddedPostgres(tmp_path / "data", tmp_path / "s", durable=False, log=tmp_path / "log")


def test_the_database_speaks_utf8_and_has_the_extensions_that_search_needs(postgres):
    with postgres:
        assert ask(postgres.url, "SHOW server_encoding") == "UTF8"
        ask(postgres.url, "CREATE EXTENSION pg_trgm")
        ask(postgres.url, "CREATE EXTENSION unaccent")
        assert ask(postgres.url, "SELECT unaccent('Étagère')") == "Etagere"
        assert ask(postgres.url, "SELECT lower('ÉTÉ')") == "été"


def test_the_data_outlive_a_restart(postgres):
    with postgres:
        ask(postgres.url, "CREATE TABLE kept AS SELECT 42 AS answer")

    with postgres:
        assert ask(postgres.url, "SELECT answer FROM kept") == 42


def test_an_interrupted_first_start_is_begun_anew(postgres):
    draft = postgres.data.with_name("data.new")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")

    with postgres:
        assert ask(postgres.url, "SELECT 1") == 1


def test_data_of_another_major_version_are_refused_by_name(postgres):
    with postgres:
        pass
    (postgres.data / "PG_VERSION").write_text("12\n")

    with pytest.raises(SupervisorError, match="written by PostgreSQL 12"):
        postgres.prepare()


def test_a_server_that_lost_its_supervisor_is_stopped_before_the_next_start(postgres, tmp_path):
    postgres.start()
    orphan = postgres.process
    heir = EmbeddedPostgres(postgres.data, postgres.sockets, durable=False, log=tmp_path / "log")

    with heir:
        wait_for(lambda: orphan.poll() is not None)
        assert ask(heir.url, "SELECT 1") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root is refused by PostgreSQL")
@pytest.mark.parametrize(("mode", "in_namespace"), [(0o711, False), (0o700, True)])
def test_root_runs_it_as_somebody_else(mode, in_namespace):
    folder = Path(tempfile.mkdtemp(prefix="bonrayon-"))
    folder.chmod(mode)
    try:
        server = EmbeddedPostgres(folder / "d", folder / "s", durable=False, log=folder / "log")
        with server:
            assert server.identity.own_namespace is in_namespace
            owner = Path(f"/proc/{server.process.pid}").stat().st_uid
            assert (owner == 0) is in_namespace
            assert ask(server.url, "SELECT 1") == 1
        assert folder.stat().st_mode & 0o777 == mode  # nothing was opened for it
    finally:
        shutil.rmtree(folder)


def test_a_start_that_fails_shows_the_log(postgres):
    with postgres:
        pass
    (postgres.data / "postgresql.conf").write_text("nonsense = 1\n")

    with pytest.raises(SupervisorError, match="nonsense"):
        postgres.start()
    assert postgres.process is None


def test_no_database_program_at_all_is_explained(monkeypatch):
    monkeypatch.setattr(postgres_server.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres_server.shutil, "which", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(()))

    with pytest.raises(SupervisorError, match="set DATABASE_URL"):
        postgres_server.find_programs()


def test_no_redis_program_at_all_is_explained(monkeypatch):
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(redis_server.shutil, "which", lambda name: None)

    with pytest.raises(SupervisorError, match="set REDIS_URL"):
        redis_server.find_program()


def test_redis_answers_on_its_socket_only_and_keeps_its_keys(tmp_path):
    server = EmbeddedRedis(tmp_path / "data", tmp_path / "s")
    with server:
        client = redis.from_url(server.url)
        client.set("kept", "yes")
        assert client.config_get("port") == {"port": "0"}
        client.close()

    with server:
        client = redis.from_url(server.url)
        assert client.get("kept") == b"yes"
        client.close()


def test_a_redis_that_lost_its_supervisor_is_stopped_before_the_next_start(tmp_path):
    first = EmbeddedRedis(tmp_path / "data", tmp_path / "s")
    first.start()

    second = EmbeddedRedis(tmp_path / "data", tmp_path / "s")
    with second:
        wait_for(lambda: first.process.poll() is not None)
        assert second.is_ready()


def test_a_killed_redis_starts_over_its_old_socket(tmp_path):
    server = EmbeddedRedis(tmp_path / "data", tmp_path / "s")
    server.start()
    os.kill(server.process.pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(server.process.pid))
    server.process.wait()
    assert server.socket.exists()

    with server:
        assert server.is_ready()


def test_a_deep_project_gets_a_short_folder_for_its_sockets(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    deep = Layout(tmp_path / ("a" * 90))
    elsewhere = Layout(tmp_path / ("b" * 90))

    folder = socket_folder(deep, "pg")

    assert folder.parent.parent == tmp_path
    assert folder == socket_folder(deep, "pg")
    assert folder != socket_folder(elsewhere, "pg")


def test_a_socket_folder_that_somebody_else_put_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    deep = Layout(tmp_path / ("a" * 90))
    ours = socket_folder(deep, "pg").parent
    shutil.rmtree(ours)
    (tmp_path / "trap").mkdir()
    ours.symlink_to(tmp_path / "trap")

    with pytest.raises(SupervisorError, match="somebody else"):
        socket_folder(deep, "pg")


def test_reaching_a_file_needs_every_parent_open(tmp_path):
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            break
    stranger = 4242

    closed.chmod(0o700)

    assert not privileges.can_reach(closed / "inside", stranger, stranger)
    assert privileges.can_reach(closed / "inside", os.getuid(), os.getgid())
