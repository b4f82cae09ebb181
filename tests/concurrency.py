"""Doing something in another database connection while the test's own transaction is open."""

import threading
from concurrent.futures import Future

from django.db import connection

from tests.waiting import eventually


def in_new_connection(work, timeout=5):
    """Return what `work` returns in a thread of its own; fail when it waits for a lock."""
    outcome = {}

    def run():
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout)
    assert not thread.is_alive(), "it waits for a lock"
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def started_and_waiting(work):
    """Begin `work` in a thread of its own; return its Future as soon as it waits for a lock.

    Call it inside a transaction that holds the lock, and read the result after that.
    """
    outcome = Future()

    def run():
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)
        finally:
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    assert eventually(_is_one_waiting), "it does not wait for a lock"
    return outcome


def _is_one_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # one transaction sees one state
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] == 1
